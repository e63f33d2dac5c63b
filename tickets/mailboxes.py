"""Whose mailbox may get mail by itself about a ticket: the rule for everything that writes to customers."""

from accounts.emails import is_ours
from accounts.models import User

from .models import Ticket


def may_be_mailed(ticket: Ticket, customer: User) -> bool:
    """Not a mailbox that may be somebody else's, with the words of whoever signed up under its address.

    What an account that has not proven it filed itself is not mailed there; what staff or the API filed for the
    customer is, since they vouch for the address.
    """
    if not customer.is_active or is_ours(customer.email_key):
        return False
    is_proven = customer.email_verified_at is not None or not customer.has_usable_password()
    return is_proven or ticket.filed_by_id != customer.pk
