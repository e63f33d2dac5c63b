"""Companies by the hundred, for imports: the rules of create_company and update_company, with few questions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.services import Actor, Values, record_many, snapshot
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk import bulk
from helpdesk.errors import Invalid
from helpdesk.ids import new_id
from helpdesk.json_values import same

from .domains import clean_domains
from .models import Company
from .services import PLAIN_FIELDS, check


@dataclass
class Saved:
    """What becomes of one company: its (old, new) values by name; none for one that stays as it is."""

    company: Company
    created: bool = False
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


class CompanyBatch:
    """Everything happens in the caller's transaction; see accounts.contacts for how a batch is used."""

    def __init__(self, names: Iterable[str], ids: Iterable[UUID] = (), *, actor: Actor | None) -> None:
        """Locks the companies it finds."""
        self.actor = actor
        self.now = timezone.now()
        self.fields = active_fields(EntityType.COMPANY)
        rows = Company.objects.select_for_update(no_key=True)
        known = {company.pk: company for company in rows.filter(name__in=set(names)).order_by("pk")}
        if missing := set(ids) - known.keys():
            known |= {company.pk: company for company in rows.filter(pk__in=missing).order_by("pk")}
        self.known: dict[UUID, Company] = known
        self.by_name: dict[str, list[Company]] = {}
        for company in known.values():
            self.by_name.setdefault(company.name, []).append(company)
        self.created: dict[UUID, Company] = {}
        self.changed: dict[UUID, tuple[Company, set[str]]] = {}
        self.before: dict[UUID, Values] = {}  # of those that change, for the audit log

    def create(
        self,
        *,
        name: str,
        domains: list[str] | None = None,
        custom_fields: dict[str, Any] | None = None,
        **values: Any,
    ) -> Saved:
        """Add a company; raises Invalid, naming the field."""
        company = Company(
            id=new_id(),
            name=name.strip(),
            domains=clean_domains(domains or []),
            custom_fields=merge_values(
                EntityType.COMPANY, {}, custom_fields or {}, creating=True, definitions=self.fields
            ),
            created_at=self.now,
            updated_at=self.now,
            **{key: value for key, value in values.items() if key in PLAIN_FIELDS},
        )
        check(company)
        self.known[company.pk] = self.created[company.pk] = company
        self.by_name.setdefault(company.name, []).append(company)
        shown = (*PLAIN_FIELDS, "domains", "custom_fields")
        return Saved(company, created=True, changes={key: (None, getattr(company, key)) for key in shown})

    def planned(self, company: Company, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
        """What the values would change; raises Invalid."""
        wanted = {key: value for key, value in values.items() if key in PLAIN_FIELDS}
        if "name" in wanted:
            wanted["name"] = wanted["name"].strip()
            if not wanted["name"]:
                raise Invalid(name="May not be blank.")
        if "domains" in values:
            wanted["domains"] = clean_domains(values["domains"] or [])
        if values.get("custom_fields"):
            wanted["custom_fields"] = merge_values(
                EntityType.COMPANY, company.custom_fields, values["custom_fields"], definitions=self.fields
            )
        return {key: (old, new) for key, new in wanted.items() if not same(old := getattr(company, key), new)}

    def change(self, company: Company, values: dict[str, Any]) -> Saved:
        changes = self.planned(company, values)
        if changes and company.pk not in self.created:
            self.before.setdefault(company.pk, snapshot(company))
        before = {key: old for key, (old, _) in changes.items()}
        for key, (_, new) in changes.items():
            setattr(company, key, new)
        try:
            if changes:
                check(company)
        except Invalid:
            for key, old in before.items():
                setattr(company, key, old)
            raise
        if changes and company.pk not in self.created:
            company.updated_at = max(self.now, company.updated_at)
            self.changed.setdefault(company.pk, (company, set()))[1].update(changes)
        return Saved(company, changes=changes)

    def save(self) -> None:
        bulk.insert(list(self.created.values()))
        by_fields: dict[tuple[str, ...], list[Company]] = {}
        for company, names in self.changed.values():
            by_fields.setdefault(tuple(sorted(names)), []).append(company)
        for fields, companies in by_fields.items():
            # As an insert that conflicts: a tenth of what bulk_update takes. The rows are locked, so they are there.
            Company.objects.bulk_create(
                companies, update_conflicts=True, unique_fields=["id"], update_fields=[*fields, "updated_at"]
            )
        changed = [(company, self.before[company.pk]) for company, _ in self.changed.values()]
        record_many(created=list(self.created.values()), changed=changed, actor=self.actor)
