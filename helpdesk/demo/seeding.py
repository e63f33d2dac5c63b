"""Puts the demo together: people first, then their tickets, in batches of constant size."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from random import Random
from uuid import UUID

from django.db import connection, transaction

from accounts.models import AgentGroup, GroupMember, User
from companies.models import Company
from csat.models import Survey
from custom_fields.models import CustomField
from helpdesk.transactions import Lock, take
from reports.tally import counted_at_the_end
from sla.models import Clock
from tickets.models import (
    Activity,
    CannedResponse,
    Note,
    Reply,
    Ticket,
    TicketLink,
    TicketSearch,
    TicketTemplate,
    TimeEntry,
)
from tickets.numbers import take_numbers
from tickets.unanswered import recount
from workspace.models import SavedView

from . import cast as columns
from .cast import Cast, Rows, Team
from .desk import ANSWERS, CUSTOM_FIELDS, SHOWN_TO_CUSTOMERS, TEMPLATES, VIEWS
from .history import Teller
from .ids import EPOCH, id_at, milliseconds
from .knowledge import write_knowledge
from .loading import built_at_the_end
from .mails import write_mails
from .people import BEGIN, COMPANY_COLUMNS, GROUPS, USER_COLUMNS, Colleague, Companies, Customers, staff_rows
from .rhythm import HOUR, Year
from .rules import write_rules
from .satisfaction import SURVEY_COLUMNS
from .scenarios.script import FIRST_LINE
from .searching import SEARCH_COLUMNS, search_rows
from .service_levels import CLOCK_COLUMNS, write_promises
from .writers import Row, Table

SEED = 20_251_218
BATCH = 5_000  # tickets in memory at once
MANY = 10_000  # tickets from which on it pays to set up the tables anew
# What is written for each ticket.
WRITTEN = (Ticket, Reply, Note, Activity, TimeEntry, TicketLink, TicketSearch, Clock, Survey)
MARK = "demo.nora.berg"  # the first person of the demo: there means all there

Progress = Callable[[int], None]


def is_seeded() -> bool:
    return User.objects.filter(username=MARK).exists()


def hour_begin(moment: datetime) -> datetime:
    """The demo ends at the last full hour, in the midst of work, so that it is the same for an hour."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def seed(count: int, now: datetime, progress: Progress) -> bool:
    """Write `count` tickets and all around them, or nothing; `progress` is told how many tickets are done.

    Returns False, and changes nothing, when the demo is there already.
    """
    random = Random(SEED)
    end = milliseconds(now)
    with transaction.atomic():
        take(Lock.DEMO)
        if is_seeded():
            return False
        check_constraints_at_once(True)
        cast = write_people(count, end, random)
        write_desk(cast, end, random)
        # A source of its own: what stands there changes nothing in the story of the tickets.
        write_knowledge(cast.teams[FIRST_LINE].agents, cast.lead, end, Random(SEED))
        with counted_at_the_end(), built_at_the_end(WRITTEN if count >= MANY else ()):
            write_tickets(count, cast, end, random, progress)
        cast.rules.write(end)
        check_constraints_at_once(False)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the first questions are planned for empty tables
        recount(Ticket.objects.all(), Reply.objects.all())
        write_mails(end)
    return True


def check_constraints_at_once(now: bool) -> None:
    """Left to the end of the transaction, the checks of millions of references would pile up in the server."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS ALL {'IMMEDIATE' if now else 'DEFERRED'}")


def write_people(count: int, end: int, random: Random) -> Cast:
    users = Table(User, USER_COLUMNS)
    staff = list(staff_rows(end, random))
    users.write(staff)
    colleagues = [Colleague(row[0], row[4]) for row in staff]
    customers = Customers(max(30, count // 4))
    companies = Companies(max(20, customers.count // 20))
    write_all(Table(Company, COMPANY_COLUMNS), companies.rows(end, random))
    write_all(users, customers.rows(companies, end, random))
    teams = write_groups(colleagues, end, random)
    promises = write_promises(end, Random(SEED))
    lead, integration = colleagues[:2]
    rules = write_rules({name: team.id for name, team in teams.items()}, lead.id, end, Random(SEED))
    return Cast(customers, teams, lead, integration, promises, rules)


def write_all(table: Table, rows: Iterable[Row]) -> None:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        table.write(batch)


def write_groups(colleagues: list[Colleague], end: int, random: Random) -> dict[str, Team]:
    """The teams by name; a group that is there already takes the members in and stays as it is."""
    teams = {}
    for number, (name, description, at_once, method, positions) in enumerate(GROUPS):
        begin = end - BEGIN + (24 + number) * HOUR
        made = {
            "id": id_at(begin, random),
            "description": description,
            "auto_assign": at_once,
            "assignment_method": method,
            "created_at": moment(begin),
        }
        group, _ = AgentGroup.objects.get_or_create(name=name, defaults=made)
        members = [colleagues[position] for position in positions]
        GroupMember.objects.bulk_create(
            GroupMember(
                id=id_at(begin, random, order),
                group=group,
                user_id=member.id,
                is_leader=order == 0,
                created_at=moment(begin),
            )
            for order, member in enumerate(members)
        )
        teams[name] = Team(UUID(str(group.pk)).hex, tuple(members), at_once)
    return teams


def write_desk(cast: Cast, end: int, random: Random) -> None:
    """Field definitions, answers and templates; what an admin has made already stays."""
    begin = end - BEGIN + 48 * HOUR
    made = {"created_at": moment(begin)}
    CustomField.objects.bulk_create(
        (
            CustomField(
                id=id_at(begin, random, position),
                entity_type=entity,
                name=name,
                label=label,
                field_type=kind,
                options=list(options),
                position=position,
                customer_can_view=name in SHOWN_TO_CUSTOMERS,
                **made,
            )
            for position, (entity, name, label, kind, options) in enumerate(CUSTOM_FIELDS)
        ),
        ignore_conflicts=True,
    )
    author = {"created_by_id": cast.lead.id, **made}
    CannedResponse.objects.bulk_create(
        (
            CannedResponse(
                id=id_at(begin, random), title=title, shortcut=shortcut, category=category, content=content, **author
            )
            for title, shortcut, category, content in ANSWERS
        ),
        ignore_conflicts=True,
    )
    TicketTemplate.objects.bulk_create(
        TicketTemplate(
            id=id_at(begin, random),
            name=name,
            description=description,
            subject=subject,
            content=content,
            category=category,
            group_id=cast.teams[group].id,
            **author,
        )
        for name, description, subject, content, category, group in TEMPLATES
    )
    SavedView.objects.bulk_create(
        SavedView(id=id_at(begin, random, order), owner_id=cast.lead.id, name=name, query=query, is_shared=True, **made)
        for order, (name, query) in enumerate(VIEWS)
    )


def write_tickets(count: int, cast: Cast, end: int, random: Random, progress: Progress) -> None:
    rows = Rows()
    tables = (
        (Table(Ticket, columns.TICKET_COLUMNS), rows.tickets),
        (Table(Reply, columns.REPLY_COLUMNS), rows.replies),
        (Table(Note, columns.NOTE_COLUMNS), rows.notes),
        (Table(Activity, columns.ACTIVITY_COLUMNS), rows.activities),
        (Table(TimeEntry, columns.TIME_COLUMNS), rows.time_entries),
        (Table(TicketLink, columns.LINK_COLUMNS), rows.links),
        (Table(Clock, CLOCK_COLUMNS), rows.clocks),
        (Table(Survey, SURVEY_COLUMNS), rows.surveys),
    )
    found_by = Table(TicketSearch, SEARCH_COLUMNS)
    year, teller = Year(end), Teller(cast, rows, end, random)
    for index, number in enumerate(numbers(count), start=1):
        teller.tell(number, year.moment((index - random.random()) / count), newest=index == count)
        if index % BATCH == 0 or index == count:
            for table, told in tables:
                table.write(told)
            # Gathered first: what asks the database cannot do so on a connection that is copying.
            found_by.write(list(search_rows(rows)))
            rows.clear()
            progress(index)


def numbers(count: int) -> Iterator[int]:
    """Ticket numbers from where real tickets get theirs, a batch at a time."""
    for begin in range(0, count, BATCH):
        yield from take_numbers(min(BATCH, count - begin))


def moment(number: int) -> datetime:
    return datetime.fromtimestamp(number / 1000, tz=EPOCH.tzinfo)
