"""Erasing a person: nothing of them is left in any table, and their tickets stay."""

from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from accounts import throttling
from accounts.erasing import erase_person
from accounts.groups import create_group
from accounts.merging import merge_contacts
from accounts.models import ReplayRecord, User
from accounts.portal_accounts import request_password_reset, sign_in, sign_up
from accounts.services import create_user, update_user
from accounts.tokens import CONFIRM, RESET, write
from audit.models import Entry
from automation.services import create_rule
from csat.models import Survey
from helpdesk.errors import Conflict, Forbidden, NotFound, SignInFailed
from knowledge_base.services import give_feedback
from outbox.models import OutgoingMail, State
from outbox.services import queue_mail
from tests.client import ApiClient
from tests.factories import (
    PASSWORD,
    ApiKeyFactory,
    ArticleFactory,
    CompanyFactory,
    ReplyFactory,
    UserFactory,
)
from tickets.models import Activity, Attachment, DiscardedFile, HeldRequest, Reply, Ticket, TicketCopy
from tickets.services import add_reply, create_ticket, update_ticket
from transfers.models import Chunk, FailedRow, Import, PlannedRow
from transfers.reading import Row
from transfers.services import work
from transfers.waiting import packed
from workspace.models import SavedView

pytestmark = pytest.mark.django_db

NAME, ADDRESS = "Zoë Quilliam", "Zoe.Quilliam@Example.org"
TRACES = ("quilliam", "zoë", "zoe.", "+49 555 0199", "likes-tea", "zo\\u00eb")


def everything() -> dict[str, str]:
    """All that stands in text columns of all tables, by table."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if not model._meta.managed:
                continue
            columns = [
                connection.ops.quote_name(field.column)
                for field in model._meta.concrete_fields
                if isinstance(field, models.CharField | models.TextField | models.JSONField | models.UUIDField)
            ]
            if columns:
                cursor.execute(f"SELECT {', '.join(columns)} FROM {connection.ops.quote_name(model._meta.db_table)}")
                found[model._meta.label] = str(cursor.fetchall()).casefold()
        for search in ("tickets_ticketsearch_words", "tickets_ticketsearch_fts"):
            if search in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {search}")
                found[search] = str(cursor.fetchall()).casefold()
    return found


def traces() -> list[tuple[str, str]]:
    return [(table, trace) for table, text in everything().items() for trace in TRACES if trace in text]


@pytest.fixture
def person(admin: User, settings: Any, tmp_path: Any) -> User:
    """Somebody who left traces wherever one can."""
    settings.MEDIA_ROOT = str(tmp_path)
    rule = {"name": "R", "rule_type": "ticket_creation", "actions": [{"type": "add_tag", "value": "seen"}]}
    create_rule(actor=admin, conditions=[{"field": "customer.email", "operator": "contains", "value": "@"}], **rule)
    user = create_user(
        actor=admin,
        username="zoe.quilliam",
        email=ADDRESS,
        name=NAME,
        password=PASSWORD,
        phone="+49 555 0199",
        tags=["likes-tea"],
        custom_fields={"likes-tea": "+49 555 0199"},
        avatar_url="https://example.org/quilliam.png",
        company_id=CompanyFactory().pk,
    )
    other = create_user(actor=admin, username="zq", email="zoe.q@quilliam.example", name=NAME)
    ticket = create_ticket(actor=user, customer_id=user.pk, subject="Hot", description="Smoke")
    create_ticket(actor=other, customer_id=other.pk, subject="Cold", description="Ice")
    merge_contacts(user, merged_id=other.pk, actor=admin)
    update_user(user, actor=admin, phone="+49 555 0199 1", custom_fields={"likes-tea": "no"})
    # Once an agent, so that they stand in the audit log.
    User.objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    update_user(user, actor=admin, role="agent", name=f"{NAME} II")
    update_user(user, actor=admin, role="customer", name=NAME, is_active=False)
    update_user(user, actor=admin, is_active=True, password="another-one")
    for state in (State.WAITING, State.FAILED):
        OutgoingMail.objects.create(to=[ADDRESS.lower()], subject="Hi", text="", state=state)
    queue_mail(to="boss@example.org", subject=f"About {ADDRESS}", text="Look", key=f"mail {ADDRESS}")
    OutgoingMail.objects.create(to=["boss@example.org"], subject="Hi", html=f"<a>{ADDRESS}</a>", text="")
    past = Import.objects.create(kind="contacts", owner=admin, columns=["email"], rows_total=3)
    FailedRow.objects.create(of=past, number=2, reason="Nope", values=f'{{"email":"{ADDRESS}","name":"{NAME}"}}')
    plan = {"name": {"from": None, "to": NAME}, "email": {"from": None, "to": ADDRESS}}
    PlannedRow.objects.create(upload=past, number=2, action="created", changes=plan)
    rows = [Row(3, {"email": ADDRESS, "name": NAME}), Row(4, {"email": "eve@example.org", "name": "Eve"})]
    renamed = {"name": {"from": "Q", "to": NAME}}  # of somebody who is known already
    PlannedRow.objects.create(upload=past, number=3, action="updated", changes=renamed)
    Chunk.objects.create(of=past, number=0, rows="".join(packed(row).decode() + "\n" for row in rows))
    for key, target in ((f"signup-{ADDRESS}", "POST /api/x"), ("k", f"POST /api/users/{user.pk}/tags")):
        ReplayRecord.objects.create(
            caller="key", target=target, key=key, fingerprint="", locked_until=timezone.now(), status=201, body=b""
        )
    TicketCopy.objects.create(ticket=ticket, email=ADDRESS, email_key=ADDRESS.lower())
    for old, new in ((None, ADDRESS.lower()), (ADDRESS.lower(), None)):
        Activity.objects.create(ticket=ticket, action="informed", old_value=old, new_value=new)
    HeldRequest.objects.create(email=ADDRESS, name=NAME, subject="Hello", description="I am Quilliam")
    Survey.objects.create(ticket=ticket, customer=user, resolved_at=timezone.now(), feedback="Fine")
    for name, query in (("Z", f"view=all&customer={quote(ADDRESS)}"), (f"All of {NAME}", "view=all")):
        SavedView.objects.create(owner=admin, name=name, query=query)
    SavedView.objects.create(owner=admin, name="Urgent", query="view=all&priority=urgent")
    user.refresh_from_db()
    return user


def test_nothing_of_an_erased_person_is_left_in_any_table(person: User, admin: User) -> None:
    left_in = {table for table, _ in traces()}
    assert {"accounts.User", "tickets.TicketSearch", "audit.Entry", "outbox.OutgoingMail"} <= left_in
    assert {"automation.Evaluation", "transfers.Chunk", "transfers.FailedRow", "accounts.ReplayRecord"} <= left_in
    assert {"workspace.SavedView", "tickets.Activity"} <= left_in
    erase_person(person.pk, actor=admin)
    assert traces() == []
    assert sorted(SavedView.objects.values_list("name", "query")) == [
        ("All of Erased person", "view=all"),
        ("Urgent", "view=all&priority=urgent"),
    ]


@pytest.mark.parametrize(
    ("name", "query", "left"),
    [
        ("Urgent billing", "view=all&priority=urgent", ("Urgent billing", "view=all&priority=urgent")),
        ("Alma & all", "view=all&q=alpine", ("Alma & all", "view=all&q=alpine")),
        ("AL, urgent", "view=all&priority=urgent", ("Erased person, urgent", "view=all&priority=urgent")),
        ("A", "view=all&q=printer+of+al&priority=urgent", ("A", "view=all&priority=urgent")),
        ("A", "view=all&customer=AL%40example.org&sort=due", None),
        ("A", "view=all&customer=pal%40example.org", ("A", "view=all&customer=pal%40example.org")),
        ("A", "view=all&customerId={}&status=open%2Cpending", ("A", "view=all&status=open%2Cpending")),
        ("A", "view=all&customerId={}", None),
        ("A", "view=all&customer=bo%40example.org%2Cal%40example.org", ("A", "view=all&customer=bo%40example.org")),
        ("Taken: Al", "view=all", ("Taken: Erased person 2", "view=all")),
    ],
)
def test_saved_views_lose_only_what_names_an_erased_person(
    name: str, query: str, left: tuple[str, str] | None, admin: User
) -> None:
    al = UserFactory(name="Al", email="al@example.org")
    SavedView.objects.create(owner=admin, name="Taken: Erased person", query="view=mine")
    view = SavedView.objects.create(owner=admin, name=name, query=query.format(al.pk), is_shared=True)
    erase_person(al.pk, actor=admin)
    assert SavedView.objects.filter(pk=view.pk).values_list("name", "query").first() == left


def test_their_tickets_stay_with_what_was_written(person: User, admin: User, api: ApiClient) -> None:
    erase_person(person.pk, actor=admin)
    tickets = api.get("/api/tickets?include=customer").json()
    assert {(row["subject"], row["description"]) for row in tickets} == {("Hot", "Smoke"), ("Cold", "Ice")}
    assert {row["customer"]["name"] for row in tickets} == {"Erased person"}
    assert Survey.objects.get().feedback == "Fine"
    assert len(api.get("/api/tickets?q=smoke").json()) == 1


def test_other_rows_of_an_import_go_on(person: User, admin: User) -> None:
    erase_person(person.pk, actor=admin)
    work(seconds=10)
    assert User.objects.filter(email="eve@example.org").exists()
    assert traces() == []
    assert set(FailedRow.objects.values_list("number", "reason")) == {
        (2, "This row was about somebody who has been erased."),
        (3, "This row was about somebody who has been erased."),
    }


def test_nobody_else_is_erased_whose_name_or_address_holds_theirs(admin: User) -> None:
    """Customers choose their names: one may be a word, or a letter, that stands everywhere."""
    person = UserFactory(name="e", email="al@example.org")
    update_user(person, actor=admin, is_active=False)  # which the audit log tells
    create_group(actor=admin, name="The rest")
    queue_mail(to="pal@example.org", subject="Hello", text="To pal@example.org, as al@example.organic said.")
    past = Import.objects.create(kind="contacts", owner=admin, columns=["email"], rows_total=1)
    Chunk.objects.create(of=past, number=0, rows=packed(Row(2, {"email": "pal@example.org"})).decode() + "\n")
    FailedRow.objects.create(of=past, number=3, reason="Nope", values='{"email":"pal@example.org"}')
    erase_person(person.pk, actor=admin)
    assert OutgoingMail.objects.filter(to=["pal@example.org"]).exists()
    assert "pal@example.org" in Chunk.objects.get().rows
    assert FailedRow.objects.get().reason == "Nope"
    assert Entry.objects.get(subject_name="The rest").changes


def test_no_import_gives_an_erased_person_a_name_again(person: User, admin: User, api: ApiClient) -> None:
    erased = erase_person(person.pk, actor=admin)
    for name, failed in ((erased.name, 0), (NAME, 1)):  # what an export says of them still reads back
        answer = api.post("/api/contacts/import", {"data": [{"name": name, "email": erased.email}]})
        assert answer.json()["failed"] == failed
    person.refresh_from_db()
    assert person.name == erased.name


@pytest.mark.parametrize("damage", ["", '"'])
def test_no_sign_in_a_row_that_waits_and_no_damage_to_it_keeps_anybody_from_being_erased(
    person: User, admin: User, damage: str
) -> None:
    record = Import.objects.create(kind="contacts", owner=admin, rows_total=2)
    rows = [
        Row(2, {"email": ADDRESS, "name": f"Zo\u2028{damage}"}),
        Row(3, {"email": "a@example.org", "name": "A\x85B"}),
    ]
    lines = "".join(packed(row).decode() + "\n" for row in rows)
    Chunk.objects.create(of=record, number=0, rows=lines.replace('\\"', '"'))
    erase_person(person.pk, actor=admin)
    assert traces() == []
    work(seconds=10)
    record.refresh_from_db()
    assert (record.state, record.created, record.failed) == ("done", 1, 1)
    assert User.objects.get(email="a@example.org").name == "A\x85B"


def test_their_messages_are_blanked_when_that_is_wanted(person: User, admin: User, agent: User, api: ApiClient) -> None:
    ticket = Ticket.objects.get(subject="Hot")
    tell = {"to": "boss@example.org", "subject": "About {{ticket.subject}}", "body": "Look"}
    hot = [{"field": "subject", "operator": "contains", "value": "hot"}]
    action = {"type": "send_email", "value": tell}
    create_rule(actor=admin, name="Tell", rule_type="ticket_update", conditions=hot, actions=[action])
    add_reply(ticket, user_id=person.pk, content="My secret")
    add_reply(ticket, user_id=agent.pk, content="Our answer")
    update_ticket(ticket, actor=person, subject="Hotter secret", custom_fields={"a": "secret"})
    elsewhere = ReplyFactory(user=person, content="A secret elsewhere")
    api.post(f"/api/tickets/{ticket.pk}/attachments", {"filename": "secret.txt", "content": "aGk="})
    Attachment.objects.update(uploaded_by=person)
    stored = Attachment.objects.get().stored_name
    article = ArticleFactory()
    give_feedback(article.pk, is_helpful=False, user_id=person.pk, comment="A secret")

    erase_person(person.pk, actor=admin, blank_messages=True)
    assert not any("secret" in text.replace("secret_key", "") for text in everything().values())
    assert set(Reply.objects.values_list("content", flat=True)) == {"[Erased]", "Our answer"}
    assert Reply.objects.get(pk=elsewhere.pk).content == "[Erased]"
    assert not Attachment.objects.exists()
    assert Survey.objects.get().feedback is None
    article.refresh_from_db()
    assert article.not_helpful_count == 1
    assert [row["id"] for row in api.get("/api/tickets?q=answer").json()] == [str(ticket.pk)]
    assert DiscardedFile.objects.get().stored_name == stored  # gone with the commit


def test_nobody_gets_in_with_what_they_had(person: User, admin: User) -> None:
    browser = Client()
    browser.force_login(person)
    tokens = {purpose: write(person, purpose) for purpose in (CONFIRM, RESET)}
    key = ApiKeyFactory(owner=person).secret
    erase_person(person.pk, actor=admin)
    with pytest.raises(SignInFailed):
        sign_in(email=ADDRESS, password="another-one", address="10.0.0.1")
    for purpose, token in tokens.items():
        page = {CONFIRM: "confirm", RESET: "reset"}[purpose]
        answer = browser.post(f"/portal/{page}/{token}", {"password": "entirely-new"})
        assert "no longer valid" in answer.content.decode()
    assert ApiClient(key).get("/api/tickets").status_code == 401
    request_password_reset(email=ADDRESS, address="10.0.0.1")
    assert not any(OutgoingMail.objects.filter(state=State.WAITING).values_list("to", flat=True))


def test_nobody_signs_up_with_the_address_of_an_erased_person(person: User, admin: User, anonymous: ApiClient) -> None:
    known = anonymous.post("/api/portal/signup", {"name": "Z", "email": ADDRESS, "password": PASSWORD})
    erase_person(person.pk, actor=admin)
    for address in (ADDRESS, ADDRESS.lower(), "zoe.q@quilliam.example"):
        erased = anonymous.post("/api/portal/signup", {"name": "Z", "email": address, "password": PASSWORD})
        assert (erased.status_code, erased.content) == (409, known.content)
    with pytest.raises(Conflict), transaction.atomic():
        sign_up(name="Z", email=f" {ADDRESS}", password=PASSWORD, address="10.0.0.1")


def test_staff_may_write_somebody_down_again_who_comes_back(person: User, admin: User) -> None:
    erase_person(person.pk, actor=admin)
    again = create_user(actor=admin, username="zoe", email=ADDRESS, name="Zoë")
    assert sign_up(name="Zoë", email=ADDRESS, password=PASSWORD, address="10.0.0.1") == again


def test_an_erasure_is_recorded_without_saying_whose(person: User, admin: User) -> None:
    erase_person(person.pk, actor=admin, blank_messages=True)
    entry = Entry.objects.filter(action="erased").get()
    assert (entry.subject_id, entry.subject_name, entry.actor_name) == (person.pk, "Erased person", "Ada Admin")
    assert entry.changes == {"messages_blanked": [None, True]}


def test_who_may_erase_whom(admin: User, agent: User, customer: User) -> None:
    with pytest.raises(Forbidden), transaction.atomic():
        erase_person(customer, actor=agent)
    with pytest.raises(Conflict), transaction.atomic():
        erase_person(agent, actor=admin)
    with pytest.raises(NotFound), transaction.atomic():
        erase_person(User().pk, actor=admin)
    erase_person(customer, actor=admin)
    for verb in (
        lambda: erase_person(customer, actor=admin),
        lambda: update_user(customer, actor=admin, name="Back"),
        lambda: update_user(customer, actor=admin, is_active=True),
        lambda: merge_contacts(UserFactory(), merged_id=customer.pk, actor=admin),
    ):
        with pytest.raises(Conflict), transaction.atomic():
            verb()


def test_the_throttle_forgets_the_address(customer: User, admin: User) -> None:
    throttling.note_sign_in(customer.email_key, "192.0.2.7")
    throttling.hit("sign-in to", customer.email_key, throttling.PER_ACCOUNT)
    throttling.hit("sign-in to", customer.email_key, throttling.PER_ACCOUNT, apart="192.0.2.7")
    erase_person(customer, actor=admin)
    assert not throttling.RateWindow.objects.exists()
