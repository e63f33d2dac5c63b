"""Who is written to about a ticket, and how much they are told.

The customer of a ticket gets what staff answers, unless an account that has not proven this mailbox filed it itself:
then the mailbox may be somebody else's, and its words are nothing to mail there. An address that an agent wrote down
counts. People who are kept informed get the answers once they have proven their address, or when staff added them;
until then a mail tells them the number alone, or customers could have us send their words to anybody. Nobody is
written to twice under two addresses, and never we ourselves.
"""

from dataclasses import dataclass

from accounts.emails import is_ours
from accounts.models import User
from tickets.leaving import link_for
from tickets.mailboxes import may_be_mailed
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
    leave: str = ""  # the link by which whoever is kept informed leaves


def readers_of(ticket: Ticket, *, but: User | None = None) -> list[Reader]:
    """Everybody to write to, each person once; never whoever wrote."""
    customer = User.objects.get(pk=ticket.customer_id)
    written = [own_reader(customer)] if may_be_mailed(ticket, customer) and customer != but else []
    done = {person.pk for person in (customer, but) if person is not None}
    copies = list(TicketCopy.objects.filter(ticket=ticket).exclude(email_key=customer.email_key))
    known = people_behind(copies) if copies else {}
    # Of two addresses of one person the better one: where they may read, then the present one.
    copies.sort(key=lambda copy: (not may_read(copy, known.get(copy.email_key)), is_former(copy, known)))
    for copy in copies:
        person = known.get(copy.email_key)
        if is_ours(copy.email_key) or (person is not None and (not person.is_active or person.pk in done)):
            continue
        if person is not None:
            done.add(person.pk)
        written.append(copied_reader(copy, person))
    return written


def people_behind(copies: list[TicketCopy]) -> dict[str, User]:
    """Whom these addresses belong to, found under former ones too."""
    rows = User.objects.filter(email_key__in=[copy.email_key for copy in copies]).select_related("merged_into")
    return {row.email_key: row.merged_into or row for row in rows}


def is_former(copy: TicketCopy, known: dict[str, User]) -> bool:
    return copy.email_key in known and known[copy.email_key].email_key != copy.email_key


def is_proven(copy: TicketCopy, person: User | None) -> bool:
    """Whether the mailbox that is written to has answered; another one of the same person proves nothing of it."""
    return person is not None and person.email_key == copy.email_key and person.email_verified_at is not None


def may_read(copy: TicketCopy, person: User | None) -> bool:
    return copy.by_staff or is_proven(copy, person)


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
    return Reader(
        email=copy.email,
        email_key=copy.email_key,
        name=person.name if person and is_proven(copy, person) else "",
        language=person.language if person else "",
        time_zone=person.time_zone if person else "",
        is_customer=False,
        may_read=may_read(copy, person),
        has_account=person is not None and person.has_usable_password(),
        is_staff=person is not None and person.is_staff,
        leave=link_for(copy.pk),
    )
