"""Forgetting a person, as the law gives them the right to, while their tickets stay.

Gone: name, addresses, phone, picture, company, tags, custom fields, account, sessions and links; the words their
tickets are found by, mails to or about them, rows of imports that name them, kept answers of requests about them.
What they wrote stays, unless their messages are to be blanked too. What stays behind of the address is a digest that
only this installation can make, so that nobody signs up as them.
"""

from datetime import datetime
from hashlib import sha256
from hmac import digest
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils import timezone

from audit.models import Action
from audit.services import ERASED, forget_person, record
from helpdesk.errors import Conflict, Forbidden, NotFound
from helpdesk.transactions import in_one_transaction
from outbox.services import forget_address

from . import avatar_files, throttling
from .models import ErasedAddress, ReplayRecord, Role, User
from .sessions import end_other_sessions
from .signals import person_erasing

THROTTLES = ("sign-in to", throttling.SIGNED_IN, "reset for")


@in_one_transaction
def erase_person(user: User | UUID, *, actor: User | None, blank_messages: bool = False) -> User:
    """Forget a contact, and whoever was merged into them, for good; raises Forbidden, NotFound, Conflict."""
    if actor is not None and not actor.is_admin:
        raise Forbidden("Only admins can erase a person.")
    key = user.pk if isinstance(user, User) else user
    people = list(User.objects.select_for_update().filter(Q(pk=key) | Q(merged_into=key)).order_by("pk"))
    person = next((found for found in people if found.pk == key), None)
    if person is None:
        raise NotFound("This person does not exist.")
    require_erasable(person)
    now = timezone.now()
    addresses = sorted({address for found in people for address in (found.email, found.email_key)})
    words = sorted({*addresses, *filter(None, (name for found in people for name in (found.name, found.claimed_name)))})
    for found in people:
        forget_traces(found, addresses)
        blank(found, now)
        forget_person(found.pk, words)
        person_erasing.send(
            User, user=found, addresses=addresses, words=words, blank_messages=blank_messages, actor=actor
        )
    for address in addresses:
        forget_address(address)
    record(person, Action.ERASED, actor=actor, changes={"messages_blanked": [None, blank_messages]}, name=ERASED)
    return person


def require_erasable(person: User) -> None:
    if person.role != Role.CUSTOMER:
        raise Conflict("Agents and admins cannot be erased. Make this person a customer first.")
    if person.erased_at is not None:
        raise Conflict("This person has been erased already.")
    if person.merged_into_id is not None:
        raise Conflict("This contact was merged with another one. Erase that one, and both are gone.")


def is_erased(email_key: str) -> bool:
    """Whether the person with this address was erased."""
    return ErasedAddress.objects.filter(digest=digest_of(email_key)).exists()


# --- What the verb is made of -------------------------------------------------------------------------


def forget_traces(person: User, addresses: list[str]) -> None:
    ErasedAddress.objects.get_or_create(digest=digest_of(person.email_key))
    for address in addresses:
        ReplayRecord.objects.filter(Q(key__icontains=address) | Q(target__icontains=address)).delete()
    # The answers themselves are encrypted with keys that are not in the database, and gone after a day.
    ReplayRecord.objects.filter(target__icontains=str(person.pk)).delete()
    for what in THROTTLES:
        throttling.forget(what, person.email_key)
    throttling.forget("confirmation", str(person.pk))
    end_other_sessions(person)
    person.api_keys.all().delete()
    person.memberships.all().delete()


def blank(person: User, now: datetime) -> None:
    """No mailed link fits the new address."""
    avatar_files.discard(person.avatar_url)
    nobody = f"erased-{person.pk.hex}"
    person.username = nobody
    person.email = person.email_key = f"{nobody}@erased.invalid"
    person.name = ERASED
    person.phone = person.avatar_url = person.company_id = None
    person.tags, person.custom_fields = [], {}
    person.password = make_password(None)
    person.is_active = False
    person.last_login = person.email_verified_at = person.claimed_at = person.claims_blocked_until = None
    person.claimed_name = person.language = person.time_zone = ""
    person.erased_at = now
    person.updated_at = max(now, person.updated_at)
    person.save()


def digest_of(email_key: str) -> str:
    """Keyed: a plain hash of an address could be guessed from a list of addresses."""
    return digest(settings.SECRET_KEY.encode(), f"erased address:{email_key}".encode(), sha256).hex()
