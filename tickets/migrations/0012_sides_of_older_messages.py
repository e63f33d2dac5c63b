from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import migrations, transaction
from django.db.models import Exists, Min, OuterRef, Q, Subquery

from helpdesk.words import vocabulary

STAFF = ("agent", "admin")
BATCH = 2_000


def remember(apps: Any, schema_editor: Any) -> None:
    """What messages and files from before 0008 lack: who wrote them, whom they are for, and what a merge hides.

    A batch or a ticket at a time, each a transaction of its own, so that nobody waits long. It may be stopped anywhere
    and started again.
    """
    tickets = (name for name in ("Reply", "Attachment", "Activity", "Ticket", "TicketCopy", "Note", "TicketSearch"))
    table = {name: apps.get_model("tickets", name).objects for name in tickets}
    people = apps.get_model("accounts", "User").objects
    staff, customers = people.filter(role__in=STAFF).values("pk"), people.filter(role="customer").values("pk")
    # By the role that people have now: nothing else is known.
    for span in spans(table["Reply"]):
        table["Reply"].filter(span, user__in=staff, from_staff=False).update(from_staff=True)
    secret: set[UUID] = set()
    for ticket in merged_tickets(table):
        with transaction.atomic():
            secret |= hide_others(ticket, table)
    shown = Q(reply__is_internal=False) | Q(reply__isnull=True, uploaded_by__in=customers)
    files = table["Attachment"]
    for span in spans(files):
        keys = set(files.filter(span, shown, is_internal=True).values_list("pk", flat=True)) - secret
        files.filter(pk__in=keys).update(is_internal=False)


def spans(rows: Any) -> Iterator[Q]:
    """The rows of a table, so many at a time."""
    span = Q()
    while keys := list(rows.filter(span).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield span & Q(pk__lte=keys[-1])
        span = Q(pk__gt=keys[-1])


# --- Tickets of several customers ---------------------------------------------------------------------


def merged_tickets(table: dict[str, Any]) -> list[Any]:
    """Those into which others were merged."""
    merged = table["Activity"].filter(action="merged", new_value__startswith="#").order_by()
    return list(table["Ticket"].filter(pk__in=merged.values("ticket")).select_related("customer__company"))


def hide_others(ticket: Any, table: dict[str, Any]) -> set[UUID]:
    """Make internal what moved here from people who do not read this ticket; returns the ids of their loose files.

    History stays with the ticket on which it happened, and tells which replies were written there. Where that ticket
    was deleted, what people wrote who do not read this one tells that it was theirs.
    """
    own = replies_on([ticket.pk], table)
    sources, is_gone = sources_of(ticket, table)
    theirs = [one.pk for one in sources if not reads(one.customer, ticket, table)]
    if not theirs and not is_gone:
        return set()
    public = table["Reply"].filter(ticket=ticket, is_internal=False).select_related("user__company")
    known = own | replies_on([one.pk for one in sources], table)
    written = replies_on(theirs, table)
    hidden = {reply.pk for reply in public if reply.pk in written}
    stray = [reply for reply in public if is_gone and reply.pk not in known]
    if any(not reply.from_staff and not reads(reply.user, ticket, table) for reply in stray):
        hidden |= {reply.pk for reply in stray if reply.from_staff or not reads(reply.user, ticket, table)}
    files = table["Attachment"].filter(ticket=ticket)
    loose = files.filter(reply__isnull=True, uploaded_by__role="customer").select_related("uploaded_by__company")
    secret = {file.pk for file in loose if not reads(file.uploaded_by, ticket, table)}
    files.filter(Q(pk__in=secret) | Q(reply__in=hidden)).update(is_internal=True)
    if hidden:
        table["Reply"].filter(pk__in=hidden).update(is_internal=True)
        refill(ticket, table)
        recount(ticket, table)
    return secret


def replies_on(tickets: list[UUID], table: dict[str, Any]) -> set[UUID]:
    """The replies that were written on these tickets, wherever they are now."""
    told = table["Activity"].filter(ticket__in=tickets, action="replied").values_list("new_value", flat=True)
    return {UUID(key) for key in told if key}


def sources_of(ticket: Any, table: dict[str, Any]) -> tuple[list[Any], bool]:
    """All tickets that were merged into this one, also by way of others, and whether any was deleted since."""
    found: dict[UUID, Any] = {}
    looked_at, is_gone = [ticket.pk], False
    while looked_at:
        told = table["Activity"].filter(ticket__in=looked_at, action="merged", new_value__startswith="#")
        numbers = {int(value[1:]) for value in told.values_list("new_value", flat=True)}
        rows = list(table["Ticket"].filter(ticket_number__in=numbers).select_related("customer__company"))
        is_gone = is_gone or len(rows) < len(numbers)
        looked_at = [row.pk for row in rows if row.pk not in found and row.pk != ticket.pk]
        found |= {row.pk: row for row in rows if row.pk in looked_at}
    return list(found.values()), is_gone


def reads(person: Any, ticket: Any, table: dict[str, Any]) -> bool:
    """Whether somebody is the customer of a ticket, is kept informed of it, or works where all share theirs."""
    shares = ticket.customer.company is not None and ticket.customer.company.shares_tickets
    return (
        person.pk == ticket.customer_id
        or (shares and person.company_id == ticket.customer.company_id)
        or table["TicketCopy"].filter(ticket=ticket, email_key=person.email_key).exists()
    )


def refill(ticket: Any, table: dict[str, Any]) -> None:
    """The words by which it is found, as 0003 gathered them."""
    said: dict[bool, list[str]] = defaultdict(list)
    for name in ("Reply", "Note"):
        for text in table[name].filter(ticket=ticket).order_by("created_at", "id"):
            said[getattr(text, "is_internal", True)].append(text.content)
    number = ticket.ticket_number
    table["TicketSearch"].filter(ticket=ticket).update(
        public=vocabulary(f"{number} nr{number}", ticket.subject, ticket.description, *said[False])[:120_000],
        internal=vocabulary(*said[True])[:80_000],
    )


def recount(ticket: Any, table: dict[str, Any]) -> None:
    """Since when its customer waits, as 0005 found it."""
    public = table["Reply"].filter(is_internal=False).order_by()
    answers = public.filter(ticket=OuterRef("ticket"), created_at__gte=OuterRef("created_at"), from_staff=True)
    unanswered = public.filter(~Exists(answers), from_staff=False, ticket=OuterRef("pk"))
    first = unanswered.values("ticket").annotate(first=Min("created_at")).values("first")
    table["Ticket"].filter(pk=ticket.pk, resolved_at__isnull=True).update(unanswered_since=Subquery(first))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0007_accounts_of_customers"),
        ("tickets", "0011_copies_by_staff"),
    ]

    operations = [
        migrations.RunPython(remember, migrations.RunPython.noop, elidable=True),
    ]
