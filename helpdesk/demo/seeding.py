"""Puts the demo together: people first, then their tickets, in batches of constant size."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import connection, transaction

from accounts.emails import matching_key
from accounts.models import AgentGroup, GroupMember, User
from companies.models import AccountTier, Company, HealthScore
from custom_fields.models import CustomField
from tickets.models import Activity, CannedResponse, Note, Reply, Ticket, TicketLink, TicketTemplate, TimeEntry
from tickets.numbers import take_numbers

from .history import (
    ACTIVITY_FIELDS,
    NOTE_FIELDS,
    REPLY_FIELDS,
    TICKET_FIELDS,
    TIME_FIELDS,
    Cast,
    Story,
    stories,
    time_ordered_id,
)
from .people import COMPANY_NAMES, GROUPS, INDUSTRIES, STAFF, Person, company_domain, customers, plain
from .scenarios import ANSWERS, CUSTOM_FIELDS, TEMPLATES
from .writers import Writer

SEED = 20_251_218
BATCH = 5_000  # tickets in memory at once
MARK = "demo.nora.berg"  # the first person of the demo: there means all there
USER_FIELDS = [
    "id",
    "username",
    "email",
    "email_key",
    "name",
    "role",
    "company_id",
    "custom_fields",
    "password",
    "created_at",
    "updated_at",
]

Progress = Callable[[int], None]


def is_seeded() -> bool:
    return User.objects.filter(username=MARK).exists()


def day_begin(moment: datetime) -> datetime:
    """The demo ends at the last midnight, so that it is the same all day long."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def seed(count: int, now: datetime, progress: Progress) -> None:
    """Write everything, or nothing; `progress` is told how many tickets are done."""
    random = Random(SEED)
    with transaction.atomic():
        cast = write_people(max(30, count // 4), now, random)
        write_settings(cast, now, random)
        write_tickets(count, cast, now, random, progress)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # or the first questions are planned for empty tables


def write_people(count: int, now: datetime, random: Random) -> Cast:
    begin = now - timedelta(days=400)
    company_ids = write_companies(begin, random)
    staff = [
        Person(name, f"demo.{plain_name(name)}", f"{plain_name(name)}@helpdesk.example", None) for name, _ in STAFF
    ]
    roles = [role for _, role in STAFF]
    staff_ids = write_users(staff, roles, company_ids, begin, random)
    people = list(customers(count, random))
    customer_ids = write_users(people, ["customer"] * count, company_ids, begin + timedelta(days=1), random)
    groups = []
    for name, description, auto_assign, method, members in GROUPS:
        group, _ = AgentGroup.objects.get_or_create(
            name=name,
            defaults={
                "id": time_ordered_id(begin, random),
                "description": description,
                "auto_assign": auto_assign,
                "assignment_method": method,
                "created_at": begin,
            },
        )
        groups.append(group.pk)
        GroupMember.objects.bulk_create(
            GroupMember(id=time_ordered_id(begin, random), group=group, user_id=staff_ids[n], created_at=begin)
            for n in members
        )
    return Cast(customer_ids, staff_ids[2:], groups)


def plain_name(name: str) -> str:
    return ".".join(plain(part) for part in name.split())


def write_users(
    people: list[Person], roles: list[str], company_ids: list[UUID], begin: datetime, random: Random
) -> list[UUID]:
    """Nobody here has a password: the demo opens no door."""
    ids, rows = [], []
    for number, (person, role) in enumerate(zip(people, roles, strict=True)):
        moment = begin + timedelta(seconds=number)
        ids.append(time_ordered_id(moment, random))
        company = company_ids[person.company] if person.company is not None else None
        language = {"language": random.choice(("English", "German", "French"))} if role == "customer" else {}
        key = matching_key(person.email)
        rows.append(
            (ids[-1], person.username, person.email, key, person.name, role, company, language,
             UNUSABLE_PASSWORD_PREFIX, moment, moment)
        )  # fmt: skip
    Writer(User, USER_FIELDS).write(rows)
    return ids


def write_companies(begin: datetime, random: Random) -> list[UUID]:
    companies = [
        Company(
            id=time_ordered_id(begin + timedelta(seconds=number), random),
            name=name,
            domains=[company_domain(name)],
            industry=random.choice(INDUSTRIES),
            health_score=random.choice(
                (HealthScore.HAPPY, HealthScore.HAPPY, HealthScore.NEUTRAL, HealthScore.AT_RISK)
            ),
            account_tier=random.choice(AccountTier.values),
            renewal_date=begin + timedelta(days=400 + random.randrange(365)),
            custom_fields={"contract_number": f"C-{1000 + number}"},
            created_at=begin + timedelta(seconds=number),
            updated_at=begin + timedelta(seconds=number),
        )
        for number, name in enumerate(COMPANY_NAMES)
    ]
    Company.objects.bulk_create(companies)
    return [company.pk for company in companies]


def write_settings(cast: Cast, now: datetime, random: Random) -> None:
    """Field definitions, answers and templates; what an admin has made already stays."""
    begin = now - timedelta(days=399)
    author = cast.agents[0]
    CustomField.objects.bulk_create(
        (
            CustomField(
                id=time_ordered_id(begin, random), entity_type=entity, name=name, label=label, field_type=kind,
                options=list(options), position=position, created_at=begin, customer_can_view=entity == "ticket",
            )
            for position, (entity, name, label, kind, options) in enumerate(CUSTOM_FIELDS)
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    CannedResponse.objects.bulk_create(
        (
            CannedResponse(
                id=time_ordered_id(begin, random), title=title, shortcut=shortcut, category=category, content=content,
                created_by_id=author, created_at=begin,
            )
            for title, shortcut, category, content in ANSWERS
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    TicketTemplate.objects.bulk_create(
        TicketTemplate(
            id=time_ordered_id(begin, random), name=name, description=description, subject=subject, content=content,
            category=category, created_by_id=author, created_at=begin,
        )
        for name, description, subject, content, category in TEMPLATES
    )  # fmt: skip


def write_tickets(count: int, cast: Cast, now: datetime, random: Random, progress: Progress) -> None:
    told = stories(count, cast, numbers(count), now, random)
    writers = (
        (Writer(Ticket, TICKET_FIELDS), lambda story: [story.ticket]),
        (Writer(Reply, REPLY_FIELDS), lambda story: story.replies),
        (Writer(Note, NOTE_FIELDS), lambda story: story.notes),
        (Writer(Activity, ACTIVITY_FIELDS), lambda story: story.activities),
        (Writer(TimeEntry, TIME_FIELDS), lambda story: story.time_entries),
    )
    done = 0
    while batch := list(islice(told, BATCH)):
        for writer, rows_of in writers:
            writer.write(row for story in batch for row in rows_of(story))
        link_some(batch, random)
        done += len(batch)
        progress(done)


def link_some(batch: list[Story], random: Random) -> None:
    """One ticket in forty belongs to another one: linked with it, or filed below it."""
    ids = [story.ticket[0] for story in batch]
    pairs = [(ids[n], ids[n - 1]) for n in range(1, len(ids), 40)]
    links = [(near, far) for pair in pairs[::2] for near, far in (pair, pair[::-1])]
    TicketLink.objects.bulk_create(
        TicketLink(id=UUID(int=random.getrandbits(128), version=4), ticket_id=near, linked_id=far)
        for near, far in links
    )
    for child, parent in pairs[1::2]:
        Ticket.objects.filter(pk=child).update(parent_ticket=parent)


def numbers(count: int) -> Iterator[int]:
    """Ticket numbers from the counter that real tickets use, a batch at a time."""
    for begin in range(0, count, BATCH):
        yield from take_numbers(min(BATCH, count - begin))
