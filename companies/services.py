"""The verbs of companies."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.services import Actor, record_change, record_creation, record_deletion, snapshot
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk.errors import Forbidden, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.transactions import in_one_transaction

from .domains import clean_domains
from .models import AccountTier, Company, HealthScore

SHARING = "Only agents who see all tickets can decide who reads the requests of a company."
PLAIN_FIELDS = (
    "name",
    "description",
    "industry",
    "health_score",
    "account_tier",
    "renewal_date",
    "notes",
    "shares_tickets",
)


@in_one_transaction
def create_company(
    *,
    actor: Actor | None,
    name: str,
    domains: list[str] | None = None,
    custom_fields: dict[str, Any] | None = None,
    may_share: bool = True,
    **values: Any,
) -> Company:
    """Add a company; raises Invalid, naming the field.

    `may_share` is false for whoever does not see all tickets: they do not decide who reads them.
    """
    now = timezone.now()
    company = Company(
        id=new_id(),
        name=name.strip(),
        domains=clean_domains(domains or []),
        custom_fields=merge_values(EntityType.COMPANY, {}, custom_fields or {}, creating=True),
        created_at=now,
        updated_at=now,
        **{key: value for key, value in values.items() if key in PLAIN_FIELDS},
    )
    check(company)
    if company.shares_tickets and not may_share:
        raise Forbidden(SHARING)
    company.save(force_insert=True)
    record_creation(company, actor=actor)
    return company


@in_one_transaction
def update_company(company: Company | UUID, *, actor: Actor | None, may_share: bool = True, **values: Any) -> Company:
    """Change a company. `custom_fields` are merged; what changes nothing writes nothing.

    Without `may_share` nobody is let in: neither by sharing nor, where a company shares, by its domains.
    """
    locked = lock(company)
    wanted = {key: value for key, value in values.items() if key in PLAIN_FIELDS}
    if "name" in wanted:
        wanted["name"] = wanted["name"].strip()
    if "domains" in values:
        wanted["domains"] = clean_domains(values["domains"] or [])
    if "custom_fields" in values:
        wanted["custom_fields"] = merge_values(EntityType.COMPANY, locked.custom_fields, values["custom_fields"])
    changed = {key: value for key, value in wanted.items() if not same(getattr(locked, key), value)}
    before = snapshot(locked)
    for key, value in changed.items():
        setattr(locked, key, value)
    check(locked)
    if not may_share and locked.shares_tickets and not changed.keys().isdisjoint(("shares_tickets", "domains")):
        raise Forbidden(SHARING)
    if changed:
        locked.updated_at = max(timezone.now(), locked.updated_at)
        locked.save(update_fields=[*changed, "updated_at"])
        record_change(locked, before, actor=actor)
    return locked


@in_one_transaction
def delete_company(company: Company | UUID, *, actor: Actor | None) -> None:
    """Drop a company; its contacts stay, without one."""
    locked = lock(company)
    record_deletion(locked, actor=actor)
    locked.delete()


def lock(company: Company | UUID) -> Company:
    key = company.pk if isinstance(company, Company) else company
    found = Company.objects.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise NotFound("This company does not exist.")
    return found


def check(company: Company) -> None:
    if not company.name:
        raise Invalid(name="May not be blank.")
    if company.health_score not in HealthScore.values:
        raise Invalid(health_score=f"Must be one of: {', '.join(HealthScore.values)}.")
    if company.account_tier not in AccountTier.values:
        raise Invalid(account_tier=f"Must be one of: {', '.join(AccountTier.values)}.")
