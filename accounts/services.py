"""The verbs of people: creating and changing users, with every rule about who may do that to whom.

`actor` is the acting user; None is the system itself (commands, the first start), which may do anything.
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Action
from audit.services import record, record_change, record_creation, snapshot
from companies.lookup import company_id_for
from companies.models import Company
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.json_values import same
from helpdesk.tags import clean_tags
from helpdesk.transactions import Lock, take

from . import avatar_files, mails, two_factor
from .emails import checked_email, matching_key
from .models import STAFF_ROLES, Role, TicketScope, User
from .sessions import end_other_sessions
from .signals import user_saved

PLAIN_FIELDS = ("username", "name", "phone", "role", "ticket_scope", "avatar_url", "company_id", "is_active", "is_away")
OWN_FIELDS = {"is_away"}  # what agents change of their own account, signed in


def create_user(
    *,
    actor: User | None,
    username: str,
    email: str,
    name: str,
    password: str | None = None,
    password_hash: str | None = None,
    role: str = Role.CUSTOMER,
    company_id: UUID | None = None,
    tags: list[str] | None = None,
    custom_fields: dict[str, Any] | None = None,
    in_person: bool = False,
    **values: Any,
) -> User:
    """Create a person. A customer without a password has no account until they sign up in the portal; one with a
    password can sign in, and has to prove the mailbox by a mailed link. An admin vouches for colleagues.

    A caller that holds locks hashes the password before (`hashed_password`) and hands over the hash.

    Raises Forbidden when somebody who is no admin creates staff, Invalid for everything else, taken names and
    addresses included.
    """
    require_right(actor, role in STAFF_ROLES)
    if in_person:
        require_closed(company_id, actor)
    address = checked_email(email)
    now = timezone.now()
    hashed = password_hash or hashed_password(password)
    user = User(
        id=new_id(),
        username=checked_username(username),
        email=address,
        email_key=matching_key(address),
        name=name,
        role=role,
        password=hashed,
        tags=clean_tags(tags or []),
        created_at=now,
        updated_at=now,
        **{key: value for key, value in values.items() if key in PLAIN_FIELDS},
    )
    check_choices(user)
    check_avatar(user.avatar_url)
    with transaction.atomic():
        is_contact = role == Role.CUSTOMER
        if company_id:
            user.company_id = checked_company(company_id)
        elif is_contact:
            user.company_id = company_id_for(address)
        user.custom_fields = merge_values(
            EntityType.CONTACT, {}, custom_fields or {}, creating=is_contact, optional=not is_contact
        )
        if user.has_usable_password():
            if is_contact:
                user.claimed_at = now
            else:
                user.email_verified_at = now
        insert(user)
        if not is_contact:
            record_creation(user, actor=actor)
        if user.claimed_at:
            mails.send_confirmation(user)
        user_saved.send(User, user=user, actor=actor, created=True, changes={})
    return user


def update_user(user: User | UUID, *, actor: User | None, in_person: bool = False, **values: Any) -> User:
    """Change a person. `custom_fields` are merged; what changes nothing writes nothing.

    `in_person`: the actor is signed in, and not represented by an API key; only so may agents change OWN_FIELDS.

    Accounts of staff are changed by admins only, and so are passwords, or anybody with a key could take an account
    over. Signed-in agents who do not see all tickets change no addresses, or they could read on in a mailbox of
    their own. The last active admin stays one: Conflict. A customer whose address changes has to prove the new one,
    and so has one who is given a password before anything was proven.
    """
    key = user.pk if isinstance(user, User) else user
    hashed = new_password_hash(values, actor=actor)
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).filter(pk=key).first()
        if locked is None:
            raise NotFound("This user does not exist.")
        own = in_person and actor == locked and bool(values) and values.keys() <= OWN_FIELDS
        require_right(actor, not own and (locked.role in STAFF_ROLES or values.get("role") in STAFF_ROLES))
        changes = planned(locked, values)
        if hashed:
            changes["password"] = (locked.password, hashed)
        if in_person:
            require_no_way_in(changes, actor)
        require_possible(locked, changes)
        if not changes:
            return locked
        before = snapshot(locked)
        for name, (_, new) in changes.items():
            setattr(locked, name, new)
        check_choices(locked)
        locked.updated_at = max(timezone.now(), locked.updated_at)
        unproven = must_prove(locked, changes)
        if unproven:
            # The old mailbox proved nothing about the new one, and a password proves no mailbox at all.
            locked.email_verified_at, locked.claimed_at = None, locked.updated_at
        if hashed:
            # Whoever claimed the account is out; with only another address they are still in, by the name they gave.
            locked.claimed_name = ""
        store(locked, [*changes, "email_verified_at", "claimed_at", "claimed_name", "updated_at"])
        let_go(locked, before, changes)
        write_down(locked, before, changes, actor=actor)
        if unproven:
            mails.send_confirmation(locked)
        user_saved.send(User, user=locked, actor=actor, created=False, changes=without_secrets(changes))
    return locked


# --- Rules --------------------------------------------------------------------------------------------


def require_right(actor: User | None, concerns_staff: bool) -> None:
    if concerns_staff and actor is not None and not actor.is_admin:
        raise Forbidden("Only admins can create or change agents and admins.")


def new_password_hash(values: dict[str, Any], *, actor: User | None) -> str | None:
    """The password that somebody is given, hashed, if any: only by admins."""
    hashed = values.get("password_hash") or (hashed_password(values["password"]) if values.get("password") else None)
    if hashed and actor is not None and not actor.is_admin:
        raise Forbidden("Only admins can set somebody's password.")
    return hashed


def require_global_scope(actor: User | None) -> None:
    if actor is not None and not actor.sees_all_tickets:
        raise Forbidden("Only agents who see all tickets can change somebody's email address.")


def require_no_way_in(changes: dict[str, tuple[Any, Any]], actor: User | None) -> None:
    """Nobody opens tickets that they do not see themselves to a mailbox of their own."""
    if "email" in changes:
        require_global_scope(actor)
    if "company_id" in changes:
        require_closed(changes["company_id"][1], actor)


def require_closed(company_id: UUID | None, actor: User | None) -> None:
    """Whoever does not see all tickets brings nobody into a company whose people read each other's requests."""
    sees_all = actor is None or actor.sees_all_tickets
    if company_id is not None and not sees_all and Company.objects.filter(pk=company_id, shares_tickets=True).exists():
        raise Forbidden("Only agents who see all tickets can add people to a company that shares its requests.")


def planned(user: User, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the values would change, checked; raises Invalid."""
    wanted = {name: value for name, value in values.items() if name in PLAIN_FIELDS}
    if "username" in wanted:
        wanted["username"] = checked_username(wanted["username"])
    if "tags" in values:
        wanted["tags"] = clean_tags(values["tags"])
    if wanted.get("company_id"):
        checked_company(wanted["company_id"])
    if wanted.get("avatar_url") != user.avatar_url:
        check_avatar(wanted.get("avatar_url"))
    if "email" in values:
        wanted["email"] = checked_email(values["email"])
        wanted["email_key"] = matching_key(wanted["email"])
    role = wanted.get("role", user.role)
    becomes_contact = role == Role.CUSTOMER != user.role
    if "custom_fields" in values or becomes_contact:
        # Nobody is kept an agent by a form that was not filled in, so that a new contact gets defaults only.
        wanted["custom_fields"] = merge_values(
            EntityType.CONTACT,
            user.custom_fields,
            values.get("custom_fields", {}),
            defaults=becomes_contact,
            optional=role != Role.CUSTOMER,
        )
    if becomes_contact:
        wanted.setdefault("is_away", False)
        if user.company_id is None and "company_id" not in wanted:
            wanted["company_id"] = company_id_for(wanted.get("email", user.email))
    return {name: (old, new) for name, new in wanted.items() if not same(old := getattr(user, name), new)}


def require_possible(user: User, changes: dict[str, tuple[Any, Any]]) -> None:
    """What the state of things forbids to everybody: raises Conflict."""
    if changes and user.erased_at is not None:
        raise Conflict("This person has been erased and cannot be changed.")
    if changes and user.merged_into_id is not None:
        raise Conflict("This contact was merged with another one and cannot be changed.")
    if loses_admin(user, changes):
        require_other_admin(user)
    if becomes_staff(user, changes) and "password" not in changes:
        require_proven_password(user)


def loses_admin(user: User, changes: dict[str, tuple[Any, Any]]) -> bool:
    role = changes.get("role", (None, user.role))[1]
    active = changes.get("is_active", (None, user.is_active))[1]
    return user.is_admin and not (role == Role.ADMIN and active)


def require_other_admin(user: User) -> None:
    """Somebody must be able to run the place, even when two admins retire each other at the same moment."""
    take(Lock.ADMINS)
    if not User.objects.admins().exclude(pk=user.pk).exists():
        raise Conflict("The last active admin cannot be demoted or deactivated.")


def becomes_staff(user: User, changes: dict[str, tuple[Any, Any]]) -> bool:
    return user.role not in STAFF_ROLES and changes.get("role", (None, user.role))[1] in STAFF_ROLES


def require_proven_password(user: User) -> None:
    """Whoever signed up with somebody else's address must not become an agent in their place."""
    if user.has_usable_password() and user.email_verified_at is None:
        raise Conflict("The email address of this account is not confirmed. Set a new password along with the role.")


def must_prove(user: User, changes: dict[str, tuple[Any, Any]]) -> bool:
    """Whether this customer, changed already, has an account and a mailbox that nobody has proven yet."""
    if user.role != Role.CUSTOMER or not user.has_usable_password():
        return False
    return "email_key" in changes or ("password" in changes and user.email_verified_at is None)


def check_choices(user: User) -> None:
    if user.role not in Role.values:
        raise Invalid(role=f"Must be one of: {', '.join(Role.values)}.")
    if user.ticket_scope not in TicketScope.values:
        raise Invalid(ticket_scope=f"Must be one of: {', '.join(TicketScope.values)}.")
    if user.is_away and user.role not in STAFF_ROLES:
        raise Invalid(is_away="Only agents and admins can be away.")


def checked_company(company_id: UUID) -> UUID:
    if not Company.objects.filter(pk=company_id).exists():
        raise Invalid(company_id="No company has this id.")
    return company_id


def check_avatar(url: str | None) -> None:
    """A picture that is kept here goes with its owner's next one, so it is nobody else's."""
    if avatar_files.own_file(url) is not None:
        raise Invalid(avatar_url="This picture is kept here for its owner; name an address elsewhere.")


def checked_username(username: str) -> str:
    trimmed = username.strip()
    if not trimmed or len(trimmed) > 150 or any(character.isspace() for character in trimmed):
        raise Invalid(username="A username has 1 to 150 characters and no spaces.")
    return trimmed


def hashed_password(password: str | None) -> str:
    """The hash to store: unusable without a password. Raises Invalid when it is too weak."""
    if password is None:
        return make_password(None)
    try:
        validate_password(password)
    except ValidationError as problem:
        raise Invalid(password=list(problem.messages)) from None
    return make_password(password)


# --- Rows ---------------------------------------------------------------------------------------------


def insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise taken(user) from None


def store(user: User, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            user.save(update_fields=fields)
    except IntegrityError:
        raise taken(user) from None


def taken(user: User) -> Invalid:
    """Which of the unique values somebody else has; asked only after the database refused them."""
    others = User.objects.exclude(pk=user.pk)
    if others.filter(email_key=user.email_key).exists():
        return Invalid(email="Email already exists")
    return Invalid(username="Username already exists")


def let_go(user: User, before: dict[str, Any], changes: dict[str, tuple[Any, Any]]) -> None:
    """Drop what a changed person does not need any more."""
    if before["role"] in STAFF_ROLES and user.role not in STAFF_ROLES:
        two_factor.drop(user)
    if not user.is_active:
        # Whoever is let in again signs in again.
        end_other_sessions(user)
    if "avatar_url" in changes:
        avatar_files.discard(changes["avatar_url"][0])


def write_down(user: User, before: dict[str, Any], changes: dict[str, tuple[Any, Any]], *, actor: User | None) -> None:
    """Into the audit log: whatever is changed of staff and contacts, but no secret."""
    record_change(user, before, actor=actor)
    if "password" in changes:
        record(user, Action.PASSWORD_SET, actor=actor)


def without_secrets(changes: dict[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    return {name: change for name, change in changes.items() if name not in ("password", "email_key")}
