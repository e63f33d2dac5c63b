"""The ticket queue: which tickets each view holds, what the address says, and what is done to many at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.desk import signed_in
from tests.factories import (
    AgentGroupFactory,
    CompanyFactory,
    CustomFieldFactory,
    GroupMemberFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import Status, Ticket
from workspace import offers, queues
from workspace.models import Draft, SavedView
from workspace.queues import VIEWS, Queue

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tickets/"
BULK = "/admin/tickets/bulk/"


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


def listed(browser: Client, query: str) -> list[str]:
    answer = browser.get(f"{QUEUE}?{query}")
    assert answer.status_code == 200, answer.get("Location")
    return [row["subject"] for row in answer.context["found"].rows]


@pytest.fixture
def tickets(agent: User, customer: User) -> None:
    """One ticket for every view, named after what is special about it."""
    now = timezone.now()
    hour, group = timedelta(hours=1), GroupMemberFactory(user=agent).group
    other = UserFactory(agent=True)
    rows: list[dict[str, Any]] = [
        {"subject": "mine", "assignee": agent},
        {"subject": "free"},
        {"subject": "soon", "assignee": other, "sla_deadline": now + hour / 2},
        {"subject": "answer soon", "assignee": other, "first_response_deadline": now + hour / 2},
        {"subject": "late", "assignee": other, "due_date": now - hour},
        {"subject": "answer late", "assignee": other, "first_response_deadline": now - hour},
        {"subject": "asked", "assignee": other, "unanswered_since": now - hour},
        {"subject": "waits", "assignee": other, "status": Status.PENDING},
        {"subject": "ours", "assignee": other, "group": group},
        {"subject": "done", "assignee": agent, "status": Status.RESOLVED, "resolved_at": now, "due_date": now - hour},
        {"subject": "old", "assignee": agent, "archived_at": now},
    ]
    for row in rows:
        TicketFactory(customer=customer, **row)


HELD = {
    "mine": ["mine"],
    "unassigned": ["free"],
    "soon": ["answer soon", "soon"],
    "overdue": ["answer late", "late"],
    "replies": ["asked"],
    "waiting": ["waits"],
    "groups": ["ours"],
    "archived": ["old"],
}


def test_each_view_holds_its_tickets(tickets: None, browser: Client) -> None:
    assert {view: sorted(listed(browser, f"view={view}")) for view in HELD} == HELD
    numbers = browser.get("/admin/tickets/counts/").json()
    counted = {view: str(len(subjects)) if VIEWS[view].counted else None for view, subjects in HELD.items()}
    assert {view: numbers.get(view) for view in HELD} == counted


def test_what_is_due_next_is_shown_sorted_and_viewed_by_one_definition(browser: Client, customer: User) -> None:
    now = timezone.now()

    def at(minutes: int) -> Any:
        return now + timedelta(minutes=minutes)

    due: list[tuple[str | None, dict[str, Any]]] = [  # most urgent first: what the column says, of which ticket
        ("First reply", {"first_response_deadline": at(-90), "sla_deadline": at(20)}),
        ("Due", {"due_date": at(-60), "sla_deadline": at(600), "first_response_deadline": at(700)}),
        ("Resolution", {"sla_deadline": at(-30), "first_response_deadline": at(-90), "first_response_at": at(-95)}),
        ("First reply", {"first_response_deadline": at(10), "sla_deadline": at(500)}),
        ("Resolution", {"sla_deadline": at(20), "due_date": at(400)}),
        ("Due", {"due_date": at(30), "status": "pending"}),
        ("Resolution", {"sla_deadline": at(120), "first_response_deadline": at(5), "first_response_at": at(0)}),
        (None, {}),
        (None, {"sla_deadline": at(-99), "due_date": at(-99), "status": "resolved", "resolved_at": at(-5)}),
    ]
    for number, (_, fields) in reversed(list(enumerate(due))):
        TicketFactory(customer=customer, subject=str(number), **fields)
    rows = browser.get(f"{QUEUE}?view=all&sort=due").context["found"].rows
    shown = {row["subject"]: row["promise"] and row["promise"].what for row in rows}
    assert shown == {str(number): what for number, (what, _) in enumerate(due)}
    assert [row["subject"] for row in rows][:7] == ["0", "1", "2", "3", "4", "5", "6"]
    assert {row["subject"]: row["promise"].state for row in rows[:7]} == dict(
        zip("0123456", ["late"] * 3 + ["soon"] * 3 + ["fine"], strict=True)
    )
    assert listed(browser, "view=overdue") == ["0", "1", "2"]
    assert listed(browser, "view=soon") == ["3", "4", "5"]


def test_all_tickets_are_all_but_the_archived_ones(tickets: None, browser: Client) -> None:
    assert len(listed(browser, "view=all")) == 10


def test_the_address_holds_the_filters(browser: Client, agent: User) -> None:
    company = CompanyFactory(name="Acme")
    cleo = UserFactory(email="cleo@example.com", company=company)
    wanted = TicketFactory(
        subject="Wanted",
        customer=cleo,
        priority="urgent",
        category="Print",
        tags=["eu"],
        source="email",
        assignee=agent,
    )
    TicketFactory(subject="Other")
    asked = [
        "priority=urgent&priority=high",
        "category=Print",
        "tag=eu",
        "source=email",
        "customer=CLEO@example.com",
        "company=Acme",
        f"companyId={company.pk}",
        f"assigneeId={agent.pk}",
        "q=wanted",
        "createdAfter=2020-01-01&priority=urgent&status=&category=",
    ]
    for query in asked:
        assert listed(browser, f"view=all&{query}") == ["Wanted"], query
    assert browser.get(f"{QUEUE}?q=%23{wanted.ticket_number}")["Location"] == f"{QUEUE}{wanted.ticket_number}/"


def test_the_form_keeps_filters_it_has_no_field_for(browser: Client, agent: User) -> None:
    company, other = CompanyFactory(name="Acme & Sons"), UserFactory(agent=True, name="Nora")
    lists = f"status=open%2Cpending&assigneeId={agent.pk}%2C{other.pk}&tag=eu%2Cvip"
    since = "createdAfter=2026-01-01T10%3A00%3A00Z"
    hidden = f"companyId={company.pk}&resolvedAfter=2026-01-02&updatedBefore=2026-02-03&overdue=true"
    answer = browser.get(f"{QUEUE}?view=all&{lists}&{since}&{hidden}&cursor=")
    form = answer.content.decode().split('id="ws-tools"')[1].split("</form>")[0]
    for kept in (
        f'<input type="hidden" name="companyId" value="{company.pk}">',
        '<input type="hidden" name="resolvedAfter" value="2026-01-02">',
        '<input type="hidden" name="updatedBefore" value="2026-02-03">',
        '<input type="hidden" name="overdue" value="true">',
        'value="open" checked',
        'value="pending" checked',
        f'<option value="{agent.pk},{other.pk}" selected>Gus Agent, Nora</option>',
        'name="tag" class="hd-input" value="eu,vip"',
        'type="text" name="createdAfter" class="hd-input" value="2026-01-01T10:00:00Z"',
    ):
        assert kept in form, kept
    chips = {(chip["title"], chip["text"]) for chip in answer.context["chips"]}
    assert chips >= {("Company", "Acme & Sons"), ("Resolved since", "Jan 2, 2026"), ("Overdue", "yes")}
    assert all("companyId" not in chip["without"] for chip in answer.context["chips"] if chip["title"] == "Company")
    browser.post("/admin/tickets/views/", {"name": "Kept", "queue": answer.context["address"]})
    assert browser.get(f"{QUEUE}?{SavedView.objects.get().query}").context["is_saved"]
    assert "resolvedAfter=2026-01-02" in SavedView.objects.get().query


@pytest.mark.parametrize("query", ["view=none", "sort=none", "priority=none", "cursor=x&view=all", "assigneeId=1"])
def test_an_address_that_makes_no_sense_leads_to_the_queue_and_says_why(browser: Client, query: str) -> None:
    answer = browser.get(f"{QUEUE}?{query}", follow=True)
    assert answer.redirect_chain == [(QUEUE, 302)]
    assert len(list(answer.context["messages"])) == 1


def test_pages_go_on_and_back_without_gap_or_repetition(
    browser: Client, customer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 5)
    TicketFactory.create_batch(12, customer=customer)
    for sort in ("-createdAt", "createdAt", "due", "-updatedAt"):
        at, seen, pages = f"view=all&sort={sort}", [], []
        while at:
            found = browser.get(f"{QUEUE}?{at}").context["found"]
            pages.append([row["number"] for row in found.rows])
            seen += pages[-1]
            last, at = found, found.older
        assert len(seen) == len(set(seen)) == 12, sort
        assert [len(page) for page in pages] == [5, 5, 2], sort
        back = browser.get(f"{QUEUE}?{last.newer}").context["found"]
        assert [row["number"] for row in back.rows] == pages[1], sort
        first = browser.get(f"{QUEUE}?{back.newer}").context["found"]
        assert [row["number"] for row in first.rows] == pages[0], sort
        assert first.newer is None, sort


def test_the_last_public_message_and_its_writer_are_shown(browser: Client, customer: User) -> None:
    ticket = TicketFactory(customer=customer)
    ReplyFactory(ticket=ticket, content="An old one")
    ReplyFactory(ticket=ticket, user=customer, content="Still <burning>")
    ReplyFactory(ticket=ticket, content="Among us", is_internal=True)
    page = browser.get(f"{QUEUE}?view=all").content.decode()
    assert "Still &lt;burning&gt;" in page
    assert "Among us" not in page


def test_a_ticket_on_which_one_has_begun_to_write_says_so(browser: Client, agent: User) -> None:
    begun, of_others = TicketFactory(), TicketFactory()
    Draft.objects.create(user=agent, ticket=begun, content="Dear")
    Draft.objects.create(user=UserFactory(agent=True), ticket=of_others, content="Dear")
    page = browser.get(f"{QUEUE}?view=all").content.decode()
    assert page.count("</span>Draft</span>") == 1


@pytest.mark.parametrize(
    ("scope", "subjects"),
    [("global", ["elsewhere", "mine", "ours"]), ("group", ["mine", "ours"]), ("restricted", ["mine"])],
)
def test_agents_see_and_change_what_their_scope_allows(scope: str, subjects: list[str]) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    TicketFactory(subject="mine", assignee=agent)
    TicketFactory(subject="ours", group=GroupMemberFactory(user=agent).group, category="Our category")
    TicketFactory(subject="elsewhere", group=AgentGroupFactory(), category="Their category")
    browser = signed_in(agent)
    offered = browser.get(f"{QUEUE}?view=all").context["categories"]
    assert offered == ["Our category"] * ("ours" in subjects) + ["Their category"] * ("elsewhere" in subjects)
    assert sorted(listed(browser, "view=all")) == subjects
    everything = [str(key) for key in Ticket.objects.values_list("pk", flat=True)]
    browser.post(BULK, {"ids": everything, "do": "change", "change": "priority=urgent"})
    assert sorted(Ticket.objects.filter(priority="urgent").values_list("subject", flat=True)) == subjects
    browser.post(BULK, {"ids": everything, "do": "delete", "confirmed": "yes"})
    assert Ticket.objects.count() == 3 - len(subjects)


# --- Many at once -------------------------------------------------------------------------------------


def keys(tickets: list[Any]) -> list[str]:
    return [str(ticket.pk) for ticket in tickets]


def test_changes_of_many_go_through_the_verbs(browser: Client, agent: User) -> None:
    batch, group, other = TicketFactory.create_batch(3, tags=["old"]), AgentGroupFactory(), UserFactory(agent=True)

    def do(**given: Any) -> Any:
        answer = browser.post(BULK, {"ids": keys(batch), "queue": "view=all&cursor=x", **given})
        assert (answer.status_code, answer["Location"]) == (302, f"{QUEUE}?view=all"), given
        for ticket in batch:
            ticket.refresh_from_db()
        return batch[2]

    assert do(do="mine").assignee == agent
    assert do(do="change", change=f"assignee={other.pk}").assignee == other
    assert do(do="change", change="assignee=none").assignee is None
    assert do(do="change", change=f"group={group.pk}").group == group
    assert do(do="change", change="status=resolved").status == Status.RESOLVED
    assert do(do="change", change="priority=urgent").priority == "urgent"
    assert do(do="tag", tag_value="eu, vip").tags == ["old", "eu", "vip"]
    assert do(do="untag", tag_value="OLD, none").tags == ["eu", "vip"]
    assert do(do="archive").archived_at is not None
    assert do(do="restore").archived_at is None
    assert batch[0].activities.filter(user=agent).count() == 11


def test_what_is_refused_is_told_ticket_by_ticket(browser: Client) -> None:
    CustomFieldFactory(name="cause", label="Cause", required_on_close=True)
    fine, lacking = TicketFactory(custom_fields={"cause": "dust"}), TicketFactory(subject="No <cause>")
    answer = browser.post(BULK, {"ids": keys([fine, lacking]), "do": "change", "change": "status=resolved"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "1 ticket changed. 1 refused." in page
    assert "No &lt;cause&gt;" in page
    assert [line.error for line in answer.context["told"].lines] == [None, "Cause is required to close a ticket."]


def test_deleting_and_merging_ask_first(browser: Client) -> None:
    batch = TicketFactory.create_batch(3)
    assert "for good?" in browser.post(BULK, {"ids": keys(batch), "do": "delete"}).content.decode()
    assert "Which ticket is kept?" in browser.post(BULK, {"ids": keys(batch), "do": "merge"}).content.decode()
    refused = browser.post(
        BULK, {"ids": keys(batch[:1]), "do": "merge", "confirmed": "yes", "merge_value": batch[0].pk}
    )
    assert refused.status_code == 302
    assert Ticket.objects.filter(status=Status.OPEN).count() == 3
    browser.post(BULK, {"ids": keys(batch), "do": "merge", "confirmed": "yes", "merge_value": str(batch[1].pk)})
    assert list(Ticket.objects.filter(status=Status.OPEN)) == [batch[1]]
    browser.post(BULK, {"ids": keys(batch[:1]), "do": "delete", "confirmed": "yes"})
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(
    "given",
    [
        {"do": "mine", "ids": []},
        {"do": "mine", "ids": ["x"]},
        {"do": ""},
        {"do": "format"},
        {"do": "change", "change": ""},
        {"do": "change", "change": "status=gone"},
        {"do": "change", "change": "assignee=x"},
        {"do": "tag", "tag_value": " , "},
        {"do": "merge", "confirmed": "yes", "merge_value": "550e8400-e29b-41d4-a716-446655440000"},
    ],
)
def test_nonsense_changes_nothing_and_is_explained(browser: Client, given: dict[str, Any]) -> None:
    ticket = TicketFactory()
    answer = browser.post(BULK, {"ids": keys([ticket]), **given}, follow=True)
    assert len(list(answer.context["messages"])) == 1
    assert not ticket.activities.exists()


# --- What is gone or hidden ---------------------------------------------------------------------------


def test_a_ticket_deleted_meanwhile_has_no_neighbours(agent: User) -> None:
    ticket = TicketFactory(assignee=agent)
    Ticket.objects.filter(pk=ticket.pk).delete()
    assert Queue(agent, QueryDict("view=mine"), now=timezone.now()).neighbours(ticket) == (None, None)


def test_who_sees_only_their_own_is_not_shown_those_of_nobody_without_looking_for_them() -> None:
    agent, other = UserFactory(agent=True, ticket_scope="restricted"), UserFactory(agent=True)
    own = TicketFactory(assignee=agent)
    for assignee in (other, None):
        TicketFactory(assignee=assignee)
    for assignees, numbers, questions in (
        ("null", [], 0),
        (f"{other.pk},null", [], 0),
        (f"{agent.pk},null", [own.ticket_number], 3 + (connection.vendor == "postgresql")),
    ):
        queue = Queue(agent, QueryDict(f"view=all&sort=due&assigneeId={assignees}"), now=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            assert [row["number"] for row in queue.page().rows] == numbers
            assert queue.count() == str(len(numbers))
        assert len(asked) == questions


def test_many_agents_are_found_by_a_few_letters(agent: User, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "FEW", 3)
    UserFactory.create_batch(3, agent=True)
    wanted = UserFactory(agent=True, name="Zacharias Zorn", email="zorn@example.com")
    UserFactory(name="Zora Customer")
    ticket: Any = TicketFactory(assignee=wanted)
    page = browser.get(f"{QUEUE}?view=all&assigneeId={wanted.pk}")
    assert [(chip["title"], chip["text"]) for chip in page.context["chips"]] == [("Assignee", "Zacharias Zorn")]
    assert page.content.decode().count('data-find="/admin/tickets/find/?of=agent"') == 2
    assert "admin/find.js" in page.content.decode()
    found = browser.get("/admin/tickets/find/?of=agent&q=zor").json()["found"]
    assert found == [{"id": str(wanted.pk), "text": "Zacharias Zorn", "hint": "zorn@example.com"}]
    side = browser.get(f"{QUEUE}{ticket.ticket_number}/").content.decode()
    assert 'value="Zacharias Zorn"' in side
    assert "(inactive)" not in side
    posted = {"was_assignee": str(wanted.pk), "assignee": str(wanted.pk), "assignee_email": agent.email}
    browser.post(f"{QUEUE}{ticket.ticket_number}/change/", posted)  # without a script
    ticket.refresh_from_db()
    assert ticket.assignee == agent


# --- What it costs and who comes in -------------------------------------------------------------------


def test_the_queue_asks_few_questions_however_many_tickets_there_are(agent: User, browser: Client) -> None:
    group = GroupMemberFactory(user=agent).group

    def asked() -> dict[str, int]:
        found = {}
        for query in ("view=all", "view=mine", "view=all&priority=urgent&sort=due", "view=replies"):
            with CaptureQueriesContext(connection) as queries:
                page = browser.get(f"{QUEUE}?{query}")
            assert len(page.content) < 250_000, query
            assert len(page.context["found"].rows) == min(Ticket.objects.count(), 50), query
            found[query] = len(queries)
        return found

    for number in range(60):
        long = {"subject": "x" * 500, "tags": ["y" * 64] * 50}
        ours = {"assignee": agent, "group": group, "priority": "urgent", "unanswered_since": timezone.now()}
        ticket = TicketFactory(customer=UserFactory(company=CompanyFactory()), **long, **ours)
        ReplyFactory(ticket=ticket, content="word " * 1000)
        if number == 0:
            few = asked()
    assert asked() == few
    assert max(few.values()) <= 13 + (connection.vendor == "postgresql")


def test_nothing_changes_on_get(browser: Client) -> None:
    ticket = TicketFactory()
    for path in (BULK, "/admin/tickets/views/"):
        assert browser.get(path, {"ids": str(ticket.pk), "do": "archive"}).status_code == 405


def plans_of(ask: Callable[[], object]) -> list[str]:
    """How the database goes about each question that is about tickets."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    asked = [one["sql"] for one in queries if one["sql"].startswith("SELECT") and "tickets_ticket" in one["sql"]]
    told = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # which would read all of so small a table; it says what it can help
            cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in asked:
            cursor.execute(f"{'EXPLAIN' if connection.vendor == 'postgresql' else 'EXPLAIN QUERY PLAN'} {sql}")
            told.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return told


SOMEBODY = "550e8400-e29b-41d4-a716-446655440000"
FILTERED = {
    "status": "open",
    "priority": "high",
    "source": "email",
    "assigneeId": SOMEBODY,
    "groupId": SOMEBODY,
    "customerId": SOMEBODY,
    "companyId": SOMEBODY,
    "category": "Print",
    "customer": "cleo@example.com",
    "company": "Acme",
    "createdAfter": "2026-01-01",
    "updatedBefore": "2026-01-01",
    "resolvedAfter": "2026-01-01",
    "due": "day",
    "needsReply": "true",
}
FROM_END_TO_END = re.compile(r"Seq Scan on tickets_\w+|SCAN tickets_\w+\b(?! USING)")


@pytest.mark.parametrize("scope", ["global", "group", "restricted"])
def test_no_question_of_a_queue_reads_all_tickets(scope: str) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    ticket = TicketFactory(assignee=agent, group=GroupMemberFactory(user=agent).group)
    browser = signed_in(agent)
    pages = [f"?view={view.name}" for view in VIEWS.values()]
    if scope == "global":
        pages += [f"?view=all&{name}={value}" for name, value in FILTERED.items()]
    pages += ["counts/", f"{ticket.ticket_number}/?view=unassigned", f"{ticket.ticket_number}/?view=all&sort=due"]
    # How it is sorted is a matter of the list alone: what stands around it has been asked for with the view.
    lists = [f"view={view.name}&sort={sort}" for view in VIEWS.values() for sort in view.sorts[1:]]

    def opened(page: str) -> None:
        assert browser.get(f"{QUEUE}{page}").status_code == 200

    def read(query: str) -> None:
        Queue(agent, QueryDict(query), now=timezone.now()).page()

    for ask, asked in ((opened, pages), (read, lists)):
        for address in asked:
            plans = plans_of(partial(ask, address))
            assert plans, address
            assert [plan for plan in plans if FROM_END_TO_END.search(plan)] == [], address
