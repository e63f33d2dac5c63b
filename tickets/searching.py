"""The words of tickets, kept for searching, and how tickets are found by them.

They stand in a table of their own: the verbs write it in their own transaction, and rows of tickets stay small. Very
long conversations are found by their first words (MAX_PUBLIC, MAX_INTERNAL).
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Concat, Left

from accounts.models import User
from helpdesk.api.inserts import Insertion
from helpdesk.api.search import SearchTable, found
from helpdesk.words import vocabulary

from .models import Note, Reply, Ticket, TicketSearch

SEARCH = SearchTable("tickets_ticketsearch", "number", ("customer", "public", "internal"))
insertion = Insertion(TicketSearch)
OWN_NUMBER = re.compile(r"#(\d{1,18})(?!\w)", re.ASCII)
FOR_CUSTOMERS = ("customer", "public")
FOR_CLAIMERS = ("public",)
SAID = ("public", "internal")
# Characters of words that are kept; together they fit into a tsvector (1 MB) in any alphabet.
MAX_PUBLIC = 120_000
MAX_INTERNAL = 80_000
MAX_CUSTOMER = 2_000
BATCH = 500


def matching(tickets: QuerySet[Ticket], text: str, *, internal: bool, named: bool = True) -> QuerySet[Ticket]:
    """The tickets that hold every word; without `internal` only in what their customer may read.

    Without `named` the name and address of the customer are not looked at: whoever has not proven to be them could
    guess these word by word.
    """
    match = words_in(text, only=() if internal else FOR_CUSTOMERS if named else FOR_CLAIMERS)
    return tickets.none() if match is None else tickets.filter(match)


def words_in(text: str, *, only: tuple[str, ...] = ()) -> Q | None:
    """A condition on tickets; `#123` is the ticket with that number."""
    asked = OWN_NUMBER.sub(r"nr\1", text)
    return found(SEARCH, "search", asked, number="ticket_number", only=only)


def words_said_in(text: str) -> Q | None:
    """The same without the name and the address of the customer."""
    return words_in(text, only=SAID)


def words_of_customer(name: str, email: str) -> str:
    return vocabulary(name, email)[:MAX_CUSTOMER]


def enter(ticket: Ticket, *, customer: dict[str, Any]) -> None:
    """A new ticket can be found."""
    insertion.run(
        ticket_id=ticket.pk,
        number=ticket.ticket_number,
        customer=words_of_customer(customer["name"], customer["email"]),
        public=public_words(ticket.ticket_number, ticket.subject, ticket.description),
        internal="",
    )


def public_words(number: int, *texts: str) -> str:
    return vocabulary(f"{number} nr{number}", *texts)[:MAX_PUBLIC]


def add_words(ticket: Ticket, content: str, *, internal: bool) -> None:
    """What was written on a ticket can be found."""
    column, most = ("internal", MAX_INTERNAL) if internal else ("public", MAX_PUBLIC)
    added = Concat(F(column), Value(" " + vocabulary(content)[:most]))
    TicketSearch.objects.filter(ticket=ticket).update(**{column: Left(added, most)})


def rename_customer(user: User) -> None:
    """Tickets are found by the name and the address that their customer has now."""
    words = words_of_customer(user.name, user.email)
    TicketSearch.objects.filter(ticket__customer=user).exclude(customer=words).update(customer=words)


def refill(keys: Iterable[UUID]) -> None:
    """Gather the words of these tickets anew from everything that is written on them."""
    wanted = sorted(keys)
    for start in range(0, len(wanted), BATCH):
        refill_batch(wanted[start : start + BATCH])


def refill_batch(keys: list[UUID]) -> None:
    said: dict[tuple[UUID, bool], list[str]] = defaultdict(list)
    replies = Reply.objects.filter(ticket__in=keys).order_by("created_at", "id")
    for key, content, internal in replies.values_list("ticket_id", "content", "is_internal"):
        said[key, internal].append(content)
    notes = Note.objects.filter(ticket__in=keys).order_by("created_at", "id")
    for key, content in notes.values_list("ticket_id", "content"):
        said[key, True].append(content)
    columns = ("pk", "ticket_number", "subject", "description", "customer__name", "customer__email")
    TicketSearch.objects.bulk_create(
        (
            TicketSearch(
                ticket_id=key,
                number=number,
                customer=words_of_customer(name, email),
                public=public_words(number, subject, description, *said[key, False]),
                internal=vocabulary(*said[key, True])[:MAX_INTERNAL],
            )
            for key, number, subject, description, name, email in Ticket.objects.filter(pk__in=keys).values_list(
                *columns
            )
        ),
        update_conflicts=True,
        unique_fields=["ticket"],
        update_fields=["customer", "public", "internal"],
    )
