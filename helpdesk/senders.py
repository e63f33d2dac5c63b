"""The sender of all mails, made fit for their headers when the configuration is read."""

from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

from django.core.exceptions import ImproperlyConfigured
from django.utils.encoding import punycode

PROBLEM = (
    "HELPDESK_FROM_EMAIL must look like HelpDesk <helpdesk@example.com>, "
    "with nothing but letters from a to z, digits and signs before the @."
)


def as_sender(text: str) -> str:
    """The name and the address as mail servers take it, the domain in ASCII; raises ImproperlyConfigured."""
    name, address = parseaddr(text)
    mailbox, _, domain = address.rpartition("@")
    if not (mailbox and domain and mailbox.isascii()):
        raise ImproperlyConfigured(PROBLEM)
    try:
        return str(Address(name, addr_spec=f"{mailbox}@{punycode(domain)}"))
    except (ValueError, IndexError, MessageError):
        raise ImproperlyConfigured(PROBLEM) from None
