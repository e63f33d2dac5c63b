"""E-mail addresses: as people write them, and as they are compared."""

import unicodedata
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode

from helpdesk.errors import Invalid

MAX_LENGTH = 254
OURS = "Our own mails come from this address."


def matching_key(email: str) -> str:
    """The form in which two addresses are the same mailbox for us: without regard to case or spelling variants.

    Unicode look-alikes fold together, so nobody can sign up beside an existing account with a trick; mail goes to
    the stored address only.

    >>> matching_key(" John@Example.COM ")
    'john@example.com'
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).casefold()).strip()


def is_ours(key: str) -> bool:
    """Whether mail to this address, as it is matched, would come back to ourselves."""
    return in_ascii(key) == in_ascii(matching_key(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))


def in_ascii(key: str) -> str:
    """With the domain as it travels: münchen.example is xn--mnchen-3ya.example."""
    mailbox, _, domain = key.rpartition("@")
    try:
        return f"{mailbox}@{punycode(domain)}"
    except UnicodeError:
        return key


def checked_email(email: str) -> str:
    """The address to store; raises Invalid when it is none."""
    trimmed = email.strip()
    try:
        validate_email(trimmed)
    except ValidationError:
        raise Invalid(email="Enter a valid email address.") from None
    if len(trimmed) > MAX_LENGTH or len(matching_key(trimmed)) > MAX_LENGTH:
        raise Invalid(email=f"An email address can have {MAX_LENGTH} characters at most.")
    return trimmed
