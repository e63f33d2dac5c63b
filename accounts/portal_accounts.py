"""How customers get, prove and enter their account: signup, claim, confirmation, sign-in, password reset.

A contact that agents or mail created has no password. Whoever signs up with its address claims it, but has proven
nothing yet: until the mailed link is opened (`email_verified_at`) the account shows only what was filed from it
since the claim (see TicketQuerySet.visible_to). The true owner of the mailbox can disown the claim by the same mail.

Time tells nobody who has an account: a refused signup or sign-in costs one password hash, as a successful one does,
and a reset is asked for at the same cost whether there is an account or not, without any hash. Bad input and too many
attempts (429) are refused before all that, and before anybody was looked up.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from companies.lookup import company_id_for
from custom_fields.models import EntityType
from custom_fields.services import merge_values
from helpdesk.errors import Conflict, Invalid, SignInFailed
from helpdesk.ids import new_id
from helpdesk.transactions import Lock, take

from . import mails, tokens
from .emails import checked_email, matching_key
from .erasing import is_erased
from .models import Role, User
from .services import hashed_password
from .signals import user_saved
from .throttling import MAILS, SIGNUPS, hit, hit_sign_in, network_of, note_sign_in

CLAIMS_BLOCKED = timedelta(days=1)
NO_PASSWORD = "!"  # noqa: S105 - how Django marks an unusable password
EXISTS = "Email already exists"
USERNAME_TRIES = 20


def sign_up(*, name: str, email: str, password: str, address: str) -> User:
    """Create an account, or claim the contact that has no password yet; raises Conflict for any other address.

    `address` is the network address of the client, for the throttle. The confirmation mail goes to the stored
    address after commit.
    """
    hit("signup", network_of(address), SIGNUPS)
    checked = checked_email(email)
    hashed = hashed_password(password)
    now = timezone.now()
    known = User.objects.filter(email_key=matching_key(checked)).first()
    if known is None:
        if is_erased(matching_key(checked)):
            raise Conflict(EXISTS)
        return create_account(name, checked, hashed, now)
    if not claim(known, name, hashed, now):
        raise Conflict(EXISTS)
    return User.objects.get(pk=known.pk)


def create_account(name: str, email: str, hashed: str, now: datetime) -> User:
    with transaction.atomic():
        user = User(
            id=new_id(),
            email=email,
            email_key=matching_key(email),
            name=name,
            password=hashed,
            company_id=company_id_for(email),
            custom_fields=merge_values(EntityType.CONTACT, {}, {}, defaults=True),
            claimed_at=now,
            created_at=now,
            updated_at=now,
        )
        insert_with_free_username(user, email.partition("@")[0])
        user_saved.send(User, user=user, actor=None, created=True, changes={})
        mails.send_confirmation(user)
    return user


def claim(user: User, name: str, hashed: str, now: datetime) -> bool:
    """Set the password of a contact that has none; of parallel claims exactly one wins."""
    if settings.CLAIM_POLICY == "invite_only":
        return False
    free = Q(claims_blocked_until__isnull=True) | Q(claims_blocked_until__lte=now)
    with transaction.atomic():
        claimable = User.objects.filter(
            free, pk=user.pk, role=Role.CUSTOMER, is_active=True, password__startswith=NO_PASSWORD
        )
        claimed = {"password": hashed, "claimed_at": now, "claimed_name": name, "email_verified_at": None}
        if not claimable.update(**claimed, updated_at=now):
            return False
        mails.send_confirmation(User.objects.get(pk=user.pk))
    return True


def insert_with_free_username(user: User, local_part: str) -> None:
    """Store the account as `john`, `john2`, …; a name that an agent gave away meanwhile only means the next one."""
    stem = username_stem(local_part)
    # Many signups of one local part wait for each other, or most of them would run out of tries.
    take(Lock.USERNAMES, of=stem)
    for _ in range(USERNAME_TRIES):
        user.username = free_username(stem)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
            return
        except IntegrityError:
            if User.objects.filter(email_key=user.email_key).exists():
                raise Conflict(EXISTS) from None
    raise Conflict("No username could be found for this address. Please try again.")


def username_stem(local_part: str) -> str:
    stem = "".join(character for character in local_part.lower() if character.isalnum() or character in "._-+")[:100]
    return stem or "customer"


def free_username(stem: str) -> str:
    """The stem with a number that follows a taken one; halving finds it, since thousands may be called `info`."""
    taken, free = 0, 1
    while is_taken(numbered(stem, free)):
        taken, free = free, free * 2
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if is_taken(numbered(stem, middle)) else (taken, middle)
    return numbered(stem, free)


def numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}{number}"


def is_taken(username: str) -> bool:
    return User.objects.filter(username=username).exists()


def sign_in(*, email: str, password: str, address: str) -> User:
    """The customer behind the credentials; raises SignInFailed alike for whatever is wrong."""
    account = matching_key(email)
    hit_sign_in(account, address)
    user = User.objects.filter(email_key=account).first()
    usable = user is not None and user.is_active and user.role == Role.CUSTOMER and user.has_usable_password()
    if user is None or not usable:
        make_password(password)
        raise SignInFailed
    if not check_password(password, user.password):
        raise SignInFailed
    if settings.CLAIM_POLICY == "verify_first" and user.email_verified_at is None:
        raise SignInFailed
    note_sign_in(account, address)
    return user


def confirm_email(token: str, *, language: str = "") -> User:
    """The link in the mail was opened: the mailbox is theirs, and so is everything that came from it.

    `language` is that of the page where it was; mails are in it from now on, unless another one was chosen.
    """
    user = claimed_by(token, tokens.CONFIRM)
    this_claim = User.objects.filter(pk=user.pk, claimed_at=user.claimed_at)
    this_claim.filter(email_verified_at__isnull=True).update(email_verified_at=timezone.now(), claimed_name="")
    if language != settings.LANGUAGE_CODE:
        this_claim.filter(email_verified_at__isnull=False, language="").update(language=language)
    confirmed = this_claim.filter(email_verified_at__isnull=False).first()
    if confirmed is None:  # disowned at the same moment
        raise Invalid("This link is no longer valid.")
    return confirmed


def disown(token: str) -> None:
    """It wasn't me: no password, no sessions, and no further claim for a day. Void once the mailbox was proven."""
    user = claimed_by(token, tokens.DISOWN)
    now = timezone.now()
    done = User.objects.filter(pk=user.pk, claimed_at=user.claimed_at, email_verified_at__isnull=True).update(
        password=make_password(None),
        claimed_at=None,
        claimed_name="",
        claims_blocked_until=now + CLAIMS_BLOCKED,
        updated_at=now,
    )
    if not done:
        raise Invalid("This link is no longer valid.")


def claimed_by(token: str, purpose: str) -> User:
    """The account whose present claim this mailed token belongs to; raises Invalid."""
    user_id, state = tokens.read(token, purpose)
    user = User.objects.active().filter(pk=user_id, role=Role.CUSTOMER).first()
    if user is None or tokens.claim_state(user) != state:
        raise Invalid("This link is no longer valid.")
    return user


def request_confirmation(user: User) -> None:
    """Mail the confirmation again."""
    hit("confirmation", str(user.pk), MAILS)
    if user.email_verified_at is None and user.claimed_at is not None:
        mails.send_confirmation(user)


def request_password_reset(*, email: str, address: str) -> None:
    """Mail a link, if there is such a customer; the caller learns nothing of it."""
    hit("reset from", network_of(address), SIGNUPS)
    account = matching_key(email)
    hit("reset for", account, MAILS)
    user = User.objects.active().filter(email_key=account, role=Role.CUSTOMER).first()
    mails.send_password_reset(user)


def reset_password(token: str, *, password: str) -> User:
    """Set a new password by a mailed link: the mailbox is proven, and every other session ends with the old one."""
    user_id, state = tokens.read(token, tokens.RESET)
    hashed = hashed_password(password)
    now = timezone.now()
    with transaction.atomic():
        user = (
            User.objects.select_for_update(no_key=True).filter(pk=user_id, role=Role.CUSTOMER, is_active=True).first()
        )
        if user is None or tokens.password_state(user) != state:
            raise Invalid("This link is no longer valid.")
        user.password = hashed
        user.email_verified_at = user.email_verified_at or now
        user.claimed_at = user.claimed_at or now
        user.claimed_name = ""
        user.updated_at = now
        user.save(update_fields=["password", "email_verified_at", "claimed_at", "claimed_name", "updated_at"])
    return user
