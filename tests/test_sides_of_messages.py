"""What older messages lack is found when the software is updated: whose side they are from, and what merges hide."""

from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from accounts.models import User
from helpdesk.ids import new_id
from tests.factories import CompanyFactory, TicketFactory, UserFactory
from tickets.attachments import attach_file
from tickets.merging import merge_tickets
from tickets.models import Attachment, Reply, Ticket, TicketCopy
from tickets.searching import matching
from tickets.services import add_reply, delete_ticket

pytestmark = pytest.mark.django_db
remembering = import_module("tickets.migrations.0012_sides_of_older_messages")


@pytest.fixture(autouse=True)
def _small_batches(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(remembering, "BATCH", 2)


@pytest.fixture
def mia(db: None) -> User:
    return UserFactory(name="Mia Member", signed_up=True)


def put(ticket: Ticket, actor: User, filename: str, **more: Any) -> Attachment:
    return attach_file(ticket, actor=actor, filename=filename, content=BytesIO(b"x"), size=1, **more)


def update_again() -> None:
    """From what was known before, twice: as after an update that was stopped."""
    Reply.objects.update(from_staff=False)
    Attachment.objects.update(is_internal=True)
    for _ in range(2):
        remembering.remember(apps, None)


def test_sides_are_remembered_by_the_roles_of_today(agent: User, mia: User) -> None:
    ticket = TicketFactory(customer=mia)
    said = [add_reply(ticket, user_id=one.pk, content="x") for one in (agent, mia)]
    inside = add_reply(ticket, user_id=agent.pk, content="x", is_internal=True)
    put(ticket, mia, "own.txt")
    put(ticket, agent, "staff.txt")
    put(ticket, agent, "answer.txt", reply_id=said[0].pk)
    put(ticket, agent, "inside.txt", reply_id=inside.pk)
    update_again()
    assert set(Reply.objects.filter(from_staff=True)) == {said[0], inside}
    assert set(Attachment.objects.for_customers().values_list("filename", flat=True)) == {"own.txt", "answer.txt"}


OTHERS = [
    # Whose ticket was merged into that of Mia before merges hid anything, and whether Mia may read it.
    ("her own", True),
    ("somebody else's", False),
    ("somebody else's, by way of a third one", False),
    ("somebody else's, and deleted since", False),
    ("her own, and deleted since", True),
    ("somebody's who is kept informed", True),
    ("a colleague's, and all share theirs", True),
    ("a colleague's, and nobody shares", False),
]


@pytest.mark.parametrize(("whose", "is_read"), OTHERS, ids=[one[0] for one in OTHERS])
def test_older_merges_hide_what_they_would_hide_today(agent: User, mia: User, whose: str, is_read: bool) -> None:
    other = mia if "own" in whose else UserFactory(name="Tom Other")
    kept, source = TicketFactory(customer=mia), TicketFactory(customer=other)
    add_reply(kept, user_id=agent.pk, content="Near answer")
    add_reply(source, user_id=other.pk, content="Far question")
    answer = add_reply(source, user_id=agent.pk, content="Far answer")
    add_reply(source, user_id=other.pk, content="Far thanks")
    put(source, other, "far.txt")
    put(source, agent, "answer.txt", reply_id=answer.pk)
    put(kept, mia, "near.txt")
    if "way" in whose:
        third = TicketFactory(customer=mia)
        merge_tickets(third, source_ids=[source.pk], actor=None)
        merge_tickets(kept, source_ids=[third.pk], actor=None)
    else:
        merge_tickets(kept, source_ids=[source.pk], actor=None)
    if "deleted" in whose:
        delete_ticket(source, actor=None)
    if "informed" in whose:
        TicketCopy.objects.create(ticket=kept, email=other.email, email_key=other.email_key)
    if "colleague" in whose:
        User.objects.filter(role="customer").update(company=CompanyFactory(shares_tickets="all" in whose))
    Reply.objects.update(is_internal=False)
    update_again()
    shown = Reply.objects.filter(ticket=kept, is_internal=False).values_list("content", flat=True)
    files = Attachment.objects.for_customers().filter(ticket=kept).values_list("filename", flat=True)
    assert set(shown) == {"Near answer"} | ({"Far question", "Far answer", "Far thanks"} if is_read else set())
    assert set(files) == {"near.txt"} | ({"far.txt", "answer.txt"} if is_read else set())
    if not is_read:
        assert not matching(Ticket.objects.all(), "far thanks", internal=False).exists()
        assert matching(Ticket.objects.all(), "far thanks", internal=True).get().pk == kept.pk
        kept.refresh_from_db()
        assert kept.unanswered_since is None, "Mia waits for nothing"


@pytest.mark.parametrize(
    ("model", "column", "value"), [(Reply, "from_staff", False), (Attachment, "is_internal", True)]
)
def test_a_process_from_before_goes_on_writing_during_an_update(
    agent: User, mia: User, model: type[models.Model], column: str, value: bool
) -> None:
    """It does not know the new columns."""
    ticket = TicketFactory(customer=mia)
    reply = add_reply(ticket, user_id=agent.pk, content="x")
    template = reply if model is Reply else put(ticket, agent, "a.txt")
    names = [field.column for field in model._meta.concrete_fields if field.column not in ("id", column)]
    quoted = ", ".join(map(connection.ops.quote_name, names))
    table = connection.ops.quote_name(model._meta.db_table)
    key = model._meta.pk.get_db_prep_save(new_id(), connection)
    old = model._meta.pk.get_db_prep_save(template.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} (id, {quoted}) SELECT %s, {quoted} FROM {table} WHERE id = %s", [key, old])
    written = model._default_manager.exclude(pk=template.pk).get()
    assert getattr(written, column) is value
