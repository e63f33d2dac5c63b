"""Contacts by the hundred, for imports: the rules of create_user and update_user, with few questions to the database.

    batch = ContactBatch(emails, actor=actor, companies=companies_by_domain())
    batch.put("ann@example.com", name="Ann")
    batch.save()

Everything happens in the caller's transaction. What goes wrong with one contact is raised by its `put` and changes
nothing; only customers are created, and neither staff, passwords, roles nor addresses are ever changed.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone

from audit.services import Values, record_many, snapshot
from companies.domains import domain_of
from companies.models import Company
from custom_fields.definitions import active_fields
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk import bulk
from helpdesk.errors import Conflict, Forbidden, Invalid
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.tags import clean_tags

from .emails import checked_email, matching_key
from .models import STAFF_ROLES, User
from .portal_accounts import free_username, numbered, username_stem
from .signals import user_saved

PLAIN_FIELDS = ("name", "phone", "company_id")
MAX_NUMBER = 10**9  # of a username that had to be drawn


@dataclass
class Saved:
    """What becomes of one contact: its (old, new) values by name; none for one that stays as it is."""

    user: User
    created: bool = False
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


class ContactBatch:
    def __init__(
        self,
        emails: Iterable[str],
        *,
        actor: User | None,
        companies: Mapping[str, UUID],
        company_ids: Iterable[UUID] = (),
    ) -> None:
        """`companies` are those by domain, `company_ids` all that will be mentioned. Locks the contacts it finds."""
        self.actor = actor
        self.now = timezone.now()
        self.companies = companies
        self.fields = active_fields(EntityType.CONTACT)
        self.company_ids = set(Company.objects.filter(pk__in=set(company_ids)).values_list("pk", flat=True))
        keys = {matching_key(email) for email in emails}
        # In one order, so that two imports of the same people wait for each other instead of for ever.
        found = User.objects.select_for_update(no_key=True).filter(email_key__in=keys).order_by("pk")
        self.known = {user.email_key: user for user in found}
        self.follow_merges()
        self.created: dict[UUID, User] = {}
        self.changed: dict[UUID, Saved] = {}
        self.before: dict[UUID, Values] = {}  # of those that change, for the audit log

    def follow_merges(self) -> None:
        """The address of a merged contact is that of the one it was merged into."""
        merged = {key: user.merged_into_id for key, user in self.known.items() if user.merged_into_id}
        if not merged:
            return
        present = {user.pk: user for user in self.known.values()}
        missing = set(merged.values()) - present.keys()
        rows = User.objects.select_for_update(no_key=True).filter(pk__in=missing).order_by("pk")
        present |= {user.pk: user for user in rows}
        self.known |= {key: present[pk] for key, pk in merged.items() if pk in present}

    def find(self, email: str) -> User | None:
        return self.known.get(matching_key(email))

    def put(self, email: str, **values: Any) -> Saved:
        """Create a contact or change the one with this address; raises Invalid and Forbidden."""
        address = checked_email(email)
        user = self.known.get(matching_key(address))
        if user is None:
            return self.create(address, **values)
        if user.role in STAFF_ROLES:
            raise Forbidden("This is the address of an agent or admin, whom an import never changes.")
        return self.change(user, values)

    def create(
        self,
        email: str,
        *,
        name: str = "",
        tags: list[str] | None = None,
        custom_fields: dict[str, Any] | None = None,
        **values: Any,
    ) -> Saved:
        if not name.strip():
            raise Invalid(name="May not be blank.")
        if company_id := values.get("company_id"):
            self.require_company(company_id)
        else:
            values["company_id"] = self.companies.get(domain_of(email) or "")
        user = User(
            id=new_id(),
            email=email,
            email_key=matching_key(email),
            name=name,
            password=no_password(),
            tags=clean_tags(tags or []),
            custom_fields=merge_values(
                EntityType.CONTACT, {}, custom_fields or {}, creating=True, definitions=self.fields
            ),
            created_at=self.now,
            updated_at=self.now,
            **{key: value for key, value in values.items() if key in PLAIN_FIELDS},
        )
        self.known[user.email_key] = self.created[user.pk] = user
        shown = ("email", "name", "phone", "company_id", "tags", "custom_fields")
        return Saved(user, created=True, changes={key: (None, getattr(user, key)) for key in shown})

    def change(self, user: User, values: dict[str, Any]) -> Saved:
        wanted = {key: value for key, value in values.items() if key in PLAIN_FIELDS}
        if "name" in wanted and not (wanted["name"] or "").strip():
            raise Invalid(name="May not be blank.")
        if wanted.get("company_id"):
            self.require_company(wanted["company_id"])
        if "tags" in values:
            wanted["tags"] = clean_tags(values["tags"])
        if values.get("custom_fields"):
            wanted["custom_fields"] = merge_values(
                EntityType.CONTACT, user.custom_fields, values["custom_fields"], definitions=self.fields
            )
        changes = {key: (old, new) for key, new in wanted.items() if not same(old := getattr(user, key), new)}
        if changes and user.erased_at is not None:
            raise Conflict("This person has been erased and cannot be changed.")
        if changes and user.pk not in self.created:
            self.before.setdefault(user.pk, snapshot(user))
        for key, (_, new) in changes.items():
            setattr(user, key, new)
        if changes and user.pk not in self.created:
            user.updated_at = max(self.now, user.updated_at)
            before = self.changed.setdefault(user.pk, Saved(user)).changes
            # A second row about somebody: what was there before the first one is what changed.
            before |= {key: (before.get(key, change)[0], change[1]) for key, change in changes.items()}
        return Saved(user, changes=changes)

    def require_company(self, company_id: UUID) -> None:
        if company_id not in self.company_ids:
            raise Invalid(company_id="No company has this id.")

    def save(self) -> None:
        """Write everything and tell everybody.

        Raises IntegrityError when somebody else took an address or a username meanwhile: then a new batch is due.
        """
        give_usernames(list(self.created.values()))
        bulk.insert(list(self.created.values()))
        by_fields: dict[tuple[str, ...], list[User]] = {}
        for saved in self.changed.values():
            by_fields.setdefault(tuple(sorted(saved.changes)), []).append(saved.user)
        for names, users in by_fields.items():
            # As an insert that conflicts: a tenth of what bulk_update takes. The rows are locked, so they are there.
            User.objects.bulk_create(
                users, update_conflicts=True, unique_fields=["id"], update_fields=[*names, "updated_at"]
            )
        changed = [(saved.user, self.before[saved.user.pk]) for saved in self.changed.values()]
        record_many(changed=changed, actor=self.actor)
        for user in self.created.values():
            user_saved.send(User, user=user, actor=self.actor, created=True, changes={})
        for saved in self.changed.values():
            user_saved.send(User, user=saved.user, actor=self.actor, created=False, changes=saved.changes)


def no_password() -> str:
    """As make_password(None), in a tenth of the time."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)


def give_usernames(users: list[User]) -> None:
    """Usernames from the local parts, as for signups: `john`, `john2`, …"""
    stems = [username_stem(user.email.partition("@")[0]) for user in users]
    taken = set(User.objects.filter(username__in=set(stems)).values_list("username", flat=True))
    given: set[str] = set()
    following: dict[str, int] = {}  # the number that comes next for a stem that is taken
    for user, stem in zip(users, stems, strict=True):
        name = stem
        while name in taken or name in given:
            if stem not in following:
                following[stem] = int(free_username(stem).removeprefix(stem) or 2)
            name = numbered(stem, following[stem])
            following[stem] += 1
        user.username = name
        given.add(name)
    if following:
        # What follows a free number may still be taken: numbers have gaps.
        gone = set(User.objects.filter(username__in=given).values_list("username", flat=True))
        for user in users:
            if user.username in gone:
                user.username = f"{user.username}.{secrets.randbelow(MAX_NUMBER)}"
