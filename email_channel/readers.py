"""Who is written to about a ticket, and how much they are told.

The customer of a ticket gets what staff answers, unless an account that has not proven this mailbox filed it itself:
then the mailbox may be somebody else's, and its words are nothing to mail there. An address that an agent wrote down
counts. People who are kept informed get the answers once they have proven their address, or when staff added them;
until then a mail tells them the number alone, or customers could have us send their words to anybody.
"""

from dataclasses import dataclass

from accounts.models import Role, User
from tickets.mailboxes import may_be_mailed, our_own_address
from tickets.models import Ticket, TicketCopy


@dataclass(frozen=True)
class Reader:
    email: str
    email_key: str
    name: str
    language: str  # empty: as they have been written to before
    time_zone: str
    is_customer: bool  # whether it is their own request
    may_read: bool  # whether the mail itself says what was written
    has_account: bool
    is_staff: bool = False


def readers_of(ticket: Ticket, *, but: User | None = None) -> list[Reader]:
    """Everybody to write to, each address once; never whoever wrote."""
    customer = User.objects.get(pk=ticket.customer_id)
    found = {customer.email_key: own_reader(customer)} if may_be_mailed(ticket, customer) else {}
    copies = list(
        TicketCopy.objects.filter(ticket=ticket).exclude(email_key=customer.email_key).select_related("added_by")
    )
    known = people_behind(copies) if copies else {}
    for copy in copies:
        person = known.get(copy.email_key)
        if person is None or person.is_active:
            found.setdefault(copy.email_key, copied_reader(copy, person))
    nobody = {our_own_address(), but.email_key if but else ""}
    return [reader for key, reader in found.items() if key not in nobody]


def people_behind(copies: list[TicketCopy]) -> dict[str, User]:
    """Whom these addresses belong to, found under former ones too."""
    rows = User.objects.filter(email_key__in=[copy.email_key for copy in copies]).select_related("merged_into")
    return {row.email_key: row.merged_into or row for row in rows}


def own_reader(customer: User) -> Reader:
    return Reader(
        email=customer.email,
        email_key=customer.email_key,
        name=customer.name,
        language=customer.language,
        time_zone=customer.time_zone,
        is_customer=True,
        may_read=True,
        has_account=customer.has_usable_password(),
        is_staff=customer.is_staff,
    )


def copied_reader(copy: TicketCopy, person: User | None) -> Reader:
    by_staff = copy.added_by is not None and copy.added_by.role != Role.CUSTOMER
    is_proven = person is not None and person.email_verified_at is not None
    return Reader(
        email=copy.email,
        email_key=copy.email_key,
        name=person.name if person and is_proven else "",
        language=person.language if person else "",
        time_zone=person.time_zone if person else "",
        is_customer=False,
        may_read=by_staff or is_proven,
        has_account=person is not None and person.has_usable_password(),
        is_staff=person is not None and person.is_staff,
    )
