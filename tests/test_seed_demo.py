"""The demo data: believable, the same each time, and never twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import AgentGroup, GroupMember, User
from automation.models import AutomationRule, Evaluation, Execution, RuleType, TimeMatch
from automation.rule_book import new_stamp, rules_for
from automation.services import create_rule
from automation.time_rules import due_rules, pass_over
from companies.models import Company
from csat.models import Survey
from custom_fields.models import CustomField
from email_channel.models import TicketMail
from helpdesk.demo import seeding
from helpdesk.demo.ids import id_at, milliseconds, text_of
from helpdesk.demo.names import company_name
from helpdesk.demo.rhythm import Year
from helpdesk.demo.scenarios import SCENARIOS
from helpdesk.demo.scenarios.script import SOLUTION
from helpdesk.demo.seeding import seed
from helpdesk.tags import clean_tags
from knowledge_base.models import (
    Article,
    ArticleFeedback,
    ArticleVersion,
    Category,
    Folder,
)
from outbox.delivery import send_due
from outbox.models import OutgoingMail
from sla.models import BusinessHours, Clock, Holiday, SlaPolicy
from sla.services import create_policy
from tests.client import ApiClient
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    CannedResponseFactory,
    CategoryFactory,
    TicketFactory,
    UserFactory,
)
from tickets.models import (
    Activity,
    CannedResponse,
    Note,
    Reply,
    Ticket,
    TicketLink,
    TicketTemplate,
    TimeEntry,
)
from workspace.models import SavedView

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, tzinfo=UTC)
# Hours at which a demo may end: on every day of a week, and on those that calendars trip over.
DAYS = [
    *(NOW + timedelta(days=number, hours=5 * number % 24) for number in range(7)),
    *(datetime(year, month, day, tzinfo=UTC) for year, month, day in ((2028, 2, 29), (2027, 1, 1), (2027, 3, 28))),
]
WRITTEN: tuple[type[models.Model], ...] = (
    User, AgentGroup, GroupMember, Company, CustomField, CannedResponse, TicketTemplate, Ticket, Reply, Note, TimeEntry,
    TicketLink, BusinessHours, Holiday, SlaPolicy, Clock, Survey, Category, Folder, Article, ArticleVersion,
    ArticleFeedback, AutomationRule, Execution, TicketMail, OutgoingMail, SavedView,
)  # fmt: skip
# What holds numbers of tickets, which are never given out twice.
NUMBERED: dict[type[models.Model], tuple[str, ...]] = {
    TicketMail: ("subject",),
    OutgoingMail: ("subject", "text", "html"),
}


def run(**options: Any) -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def plant(count: int, end: datetime = NOW) -> None:
    assert seed(count, end, lambda _: None)


def switch_rules_on() -> None:
    AutomationRule.objects.update(is_active=True)
    new_stamp()


def test_a_hundred_tickets_by_default_and_only_once() -> None:
    assert "100 tickets" in run()
    assert (Ticket.objects.count(), User.objects.filter(role="customer").count()) == (100, 30)
    assert User.objects.filter(role="admin").count() == 2
    assert User.objects.filter(role="agent").count() == 10
    assert "there already" in run(tickets=5)
    assert Ticket.objects.count() == 100


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_writes(at_once: Callable[..., list[str]]) -> None:
    said = at_once(2, lambda _: run(tickets=5))
    assert sorted("there already" in sentence for sentence in said) == [False, True]
    assert Ticket.objects.count() == 5


def test_it_is_the_same_each_time_whichever_way_the_tables_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    def picture(many: int) -> list[Any]:
        """Every row but for ticket numbers, which are never given out twice, and what tables hold rows to."""
        monkeypatch.setattr(seeding, "MANY", many)
        plant(60)
        shown: list[Any] = []
        for model in WRITTEN:
            numbered = NUMBERED.get(model, ("ticket_number",))
            columns = [field.attname for field in model._meta.concrete_fields if field.name not in numbered]
            shown.extend(model._default_manager.order_by("pk").values_list(*columns))
        shown.extend(Activity.objects.order_by("pk").values_list("id", "ticket", "user", "action", "created_at"))
        shown.extend(Evaluation.objects.order_by("pk").values_list("id", "ticket", "results", "created_at"))
        shown.extend(TimeMatch.objects.order_by("ticket").values_list("rule", "ticket", "created_at"))
        with connection.cursor() as cursor:
            tables = [model._meta.db_table for model in seeding.WRITTEN]
            return [*shown, *(connection.introspection.get_constraints(cursor, table) for table in tables)]

    pictures = []
    for many in (61, 61, 60):
        with transaction.atomic():
            pictures.append(picture(many))
            transaction.set_rollback(True)
    assert pictures[0] == pictures[1] == pictures[2]


@pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day:%a %d %b %Y %H h}")
def test_a_small_demo_shows_tickets_of_every_kind_whatever_the_day(day: datetime, time_machine: Any) -> None:
    if day in DAYS[1:7]:
        CategoryFactory()  # so no articles are written, which come alike on each day of a week
    plant(100, day)
    check_that_time_rules_are_done(day, time_machine)
    tickets = Ticket.objects.all()
    for name in ("status", "priority", "source", "group"):
        assert len(set(tickets.values_list(name, flat=True))) >= (3 if name == "source" else 4)
    assert 5 <= tickets.open().count() <= 40
    assert tickets.open().unassigned().exists()
    assert tickets.exclude(archived_at=None).exists()
    assert tickets.exclude(parent_ticket=None).exists()
    assert TicketLink.objects.exists()
    assert Note.objects.exists()
    assert Reply.objects.filter(is_internal=True).exists()
    assert TimeEntry.objects.exists()


def test_a_knowledge_base_that_is_there_stays_as_it_is() -> None:
    CategoryFactory()
    plant(5)
    assert (Category.objects.count(), Article.objects.count()) == (1, 0)


def check_that_time_rules_are_done(end: datetime, time_machine: Any) -> None:
    """Whoever switches them on finds nothing that they have to make up for."""
    switch_rules_on()
    assert due_rules(end - timedelta(minutes=1)) == []
    for rule in rules_for(RuleType.TIME_TRIGGER):
        passed = AutomationRule.objects.get(pk=rule.id).completed_pass_at
        assert passed is not None
        time_machine.move_to(passed + timedelta(minutes=1), tick=False)
        assert pass_over(rule, timezone.now()) == 0


def test_nothing_of_it_is_mailed_when_the_worker_begins(mailoutbox: list[Any]) -> None:
    plant(30)
    assert send_due() == 0
    assert not OutgoingMail.objects.exclude(state="failed").exists()
    assert not mailoutbox


def test_its_rules_do_nothing_to_what_somebody_files(api: ApiClient) -> None:
    plant(30)
    assert not AutomationRule.objects.filter(is_active=True).exists()
    customer = User.objects.filter(role="customer", company__account_tier="enterprise").first()
    assert customer is not None
    filed = {"subject": "A refund: all is down", "description": "Fraud", "customerId": customer.pk, "priority": "low"}
    answer = api.post("/api/tickets", filed)
    assert answer.status_code == 201
    told = {name: answer.json()[name] for name in ("priority", "groupId", "tags")}
    assert told == {"priority": "low", "groupId": None, "tags": []}


def test_rules_an_admin_has_made_are_the_only_ones() -> None:
    own = create_rule(actor=None, name="Ours", rule_type="ticket_creation", actions=[{"type": "add_tag", "value": "x"}])
    plant(40)
    assert AutomationRule.objects.get() == own
    assert not Activity.objects.filter(action="automation_executed").exists()


def test_promises_an_admin_has_made_hold_in_the_demo() -> None:
    urgent = create_policy(actor=None, name="Ours", priority="urgent", first_response_time=5, resolution_time=60)
    plant(60)
    assert SlaPolicy.objects.filter(priority="urgent").get() == urgent
    tickets = Ticket.objects.filter(priority="urgent").exclude(sla_clock=None)
    assert {ticket.sla_clock.policy_id for ticket in tickets} == {urgent.pk}


def test_rows_are_stored_as_django_stores_them() -> None:
    """Rows go past the models, so whatever a model would write must be in the columns byte for byte."""
    plant(30)
    for model in (User, Company, Ticket, Reply, Note, Activity, TimeEntry):
        before = raw(model)
        for row in model._default_manager.all():
            row.save(force_update=True)
        assert raw(model) == before


def raw(model: type[models.Model]) -> list[Any]:
    """The texts in the database, of JSON only what it says."""
    kept = [field for field in model._meta.concrete_fields if not isinstance(field, models.JSONField)]
    casts = {f"raw_{field.attname}": models.functions.Cast(field.attname, models.TextField()) for field in kept}
    return list(model._default_manager.order_by("pk").annotate(**casts).values_list(*casts))


def test_numbers_go_on_after_it() -> None:
    TicketFactory()
    run(tickets=20)
    TicketFactory()
    first, *_, last = Ticket.objects.order_by("ticket_number").values_list("ticket_number", flat=True)
    assert last == first + 21
    assert not Ticket.objects.filter(ticket_number__in=(first, last), customer__username__startswith="demo.").exists()


def test_the_api_answers_on_it() -> None:
    run(tickets=40)
    api = ApiClient(ApiKeyFactory().secret)
    assert len(api.get("/api/tickets?archived=all").json()) == 40
    assert api.get("/api/tickets?limit=3&include=customer,company,assignee,group").status_code == 200
    ticket = Ticket.objects.filter(status="open").first()
    assert api.patch(f"/api/tickets/{ticket.pk}", {"status": "closed"}).status_code == 200


def test_what_an_admin_has_made_already_stays() -> None:
    admin = UserFactory(admin=True, username="admin", email="admin@example.com")
    billing = AgentGroupFactory(name="Billing", description="Ours")
    hello = CannedResponseFactory(shortcut="hello", content="Moin")
    run(tickets=3)
    for row in (admin, billing, hello):
        row.refresh_from_db()
    assert admin.is_admin
    assert (billing.description, hello.content) == ("Ours", "Moin")
    assert billing.members.exists()


def test_nonsense_is_refused() -> None:
    with pytest.raises(CommandError):
        run(tickets=0)


def test_a_large_demo_has_no_two_companies_of_one_name() -> None:
    assert len({company_name(number) for number in range(12_500)}) == 12_500


def test_every_kind_of_request_is_solved_in_the_end() -> None:
    assert len(SCENARIOS) >= 40
    assert all(scenario.talk[-1][0] == SOLUTION for scenario in SCENARIOS)
    assert all(clean_tags(scenario.tags) == list(scenario.tags) for scenario in SCENARIOS)


def test_requests_come_in_order_and_within_the_year() -> None:
    year = Year(milliseconds(NOW))
    moments = [year.moment(share / 1000) for share in range(1001)]
    assert moments == sorted(moments)
    assert year.begin <= moments[0] < moments[-1] < milliseconds(NOW)


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    source = Random(1)
    ids = [id_at(moment, source, order) for moment in (1_700_000_000_000, 1_700_000_000_001) for order in (0, 1, 2)]
    assert ids == sorted(ids)
    assert {(UUID(key).version, UUID(key).variant) for key in ids} == {(7, "specified in RFC 4122")}
    assert text_of(1_700_000_000_120) == "2023-11-14 22:13:20.120000"
