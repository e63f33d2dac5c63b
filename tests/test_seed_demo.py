"""The demo data: believable, the same each time, and never twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.http import QueryDict
from django.utils import timezone

from accounts.emails import matching_key
from accounts.models import AgentGroup, GroupMember, Role, User
from automation.actions import Run
from automation.conditions import Known, judge
from automation.facts import Facts
from automation.models import AutomationRule, Evaluation, Execution, RuleType, TimeMatch
from automation.preview import rewind
from automation.rule_book import new_stamp, rules_for
from automation.services import create_rule
from automation.time_rules import due_rules, pass_over
from automation.traces import explained, rosters
from companies.domains import clean_domains, domain_of
from companies.models import Company
from csat.models import Survey
from custom_fields.models import CustomField, EntityType
from custom_fields.services import check_definition
from custom_fields.values import problem_with
from email_channel.facts import mails_about
from email_channel.models import Kind, TicketMail
from helpdesk.demo import seeding
from helpdesk.demo.ids import id_at, milliseconds, text_of
from helpdesk.demo.names import company_name
from helpdesk.demo.rhythm import Year
from helpdesk.demo.scenarios import SCENARIOS
from helpdesk.demo.scenarios.script import SOLUTION
from helpdesk.demo.seeding import seed
from helpdesk.ids import new_id
from helpdesk.tags import clean_tags
from knowledge_base.models import (
    Article,
    ArticleFeedback,
    ArticleSearch,
    ArticleSlug,
    ArticleVersion,
    Category,
    Folder,
    Status,
    Visibility,
)
from knowledge_base.searching import search, words_of_article
from outbox.delivery import send_due
from outbox.models import OutgoingMail
from sla.clocks import reckon
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
    DONE_STATUSES,
    Activity,
    CannedResponse,
    Note,
    Reply,
    Ticket,
    TicketLink,
    TicketTemplate,
    TimeEntry,
)
from tickets.rules import Once
from workspace.models import SavedView
from workspace.queues import Queue

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


def test_the_knowledge_base_is_one_that_the_services_would_have_written() -> None:
    plant(5)
    articles = list(Article.objects.select_related("folder", "approver", "author"))
    assert {article.status for article in articles} == set(Status.values)
    assert {article.folder.visibility for article in articles} == set(Visibility.values)
    for article in articles:
        versions = list(article.versions.order_by("number"))
        first, last = versions[0], versions[-1]
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        assert (first.status, last.status, last.content) == ("draft", article.status, article.content)
        assert [v.created_at for v in versions] == sorted({v.created_at for v in versions})
        assert article.created_at == first.created_at
        assert last.created_at == article.updated_at < NOW
        assert article.author.is_staff
        assert article.approver is None or article.approver.is_admin
        assert article.category_id == article.folder.category_id
        said = list(article.feedback.values_list("is_helpful", flat=True))
        assert (article.helpful_count, article.not_helpful_count) == (said.count(True), said.count(False))
        assert article.view_count >= len(said)
        assert bool(article.view_count) == article.is_published
        assert ArticleSlug.objects.get(pk=article.slug).article_id == article.pk
        kept = ArticleSearch.objects.get(article=article)
        assert (kept.title, kept.body) == words_of_article(article)
    found = search("how long until I get my refund", visible_to=None, limit=3)
    assert found[0].article.title == "How long does a refund take?"


def test_a_knowledge_base_that_is_there_stays_as_it_is() -> None:
    CategoryFactory()
    plant(5)
    assert (Category.objects.count(), Article.objects.count()) == (1, 0)


def test_every_history_is_one_that_the_services_would_have_written() -> None:
    plant(300)
    for ticket in Ticket.objects.prefetch_related("activities", "replies__user", "notes"):
        follow(ticket)


def follow(ticket: Ticket) -> None:
    """Walk through the history of a ticket and compare where it ends with where the ticket stands."""
    walk = Walk(ticket)
    for step in walk.steps:
        assert ticket.created_at <= step.created_at < NOW
        if tell := getattr(walk, step.action, None):
            tell(step)
    assert [step.action for step in walk.steps].count("created") == 1
    assert (walk.steps[0].action, walk.steps[0].user_id) == ("created", ticket.filed_by_id)
    assert (walk.replies, walk.notes) == ({}, {})
    assert (ticket.status, ticket.resolved_at, ticket.first_response_at) == (
        walk.status,
        walk.resolved,
        walk.first_response,
    )
    assert ticket.priority == (walk.priority or ticket.priority)
    assert (str(ticket.assignee_id) if ticket.assignee_id else None) == walk.assignee
    assert walk.fields.items() <= ticket.custom_fields.items()
    assert ticket.archived_at == walk.archived_at
    # Time and links made at the other end leave a ticket as it is.
    moments = {step.action: step.created_at for step in walk.steps}
    touched = [moment for action, moment in moments.items() if action not in ("time_logged", "linked")]
    assert ticket.updated_at in (max(touched), moments.get("linked"))


class Walk:
    """A ticket as its history tells it; one method for each action that changes something."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.steps = list(ticket.activities.all())
        self.replies = {str(reply.pk): reply for reply in ticket.replies.all()}
        self.notes = {str(note.pk): note for note in ticket.notes.all()}
        self.fields: dict[str, str] = {}
        self.status = "open"
        self.priority: str | None = None
        self.assignee: str | None = None
        self.resolved: datetime | None = None
        self.first_response: datetime | None = None
        self.archived_at: datetime | None = None

    def status_changed(self, step: Activity) -> None:
        assert step.old_value == self.status != step.new_value
        self.status = step.new_value
        self.resolved = (self.resolved or step.created_at) if self.status in DONE_STATUSES else None

    def assigned(self, step: Activity) -> None:
        assert (step.old_value, self.assignee) == (None, None)
        self.assignee = step.new_value

    def priority_changed(self, step: Activity) -> None:
        assert self.priority in (None, step.old_value)
        assert step.old_value != step.new_value
        self.priority = step.new_value

    def custom_field_changed(self, step: Activity) -> None:
        name, _, value = step.new_value.partition(": ")
        self.fields[name] = value

    def note_added(self, step: Activity) -> None:
        assert step.user_id in (self.notes.pop(step.new_value).user_id, None)  # a rule has written it

    def archived(self, step: Activity) -> None:
        self.archived_at = step.created_at

    def replied(self, step: Activity) -> None:
        reply = self.replies.pop(step.new_value)
        assert (reply.user_id, reply.created_at) == (step.user_id, step.created_at)
        assert reply.user_id in (self.ticket.customer_id, self.ticket.assignee_id)
        if reply.user_id == self.ticket.customer_id:
            following = self.steps[self.steps.index(step) + 1 :][:1]
            if self.status in ("pending", *DONE_STATUSES):
                assert [(after.action, after.new_value) for after in following] == [("status_changed", "open")]
        elif not reply.is_internal:
            self.first_response = self.first_response or reply.created_at


def test_what_refers_to_something_refers_to_the_right_thing() -> None:
    plant(300)
    tickets = Ticket.objects.all()
    assert not tickets.exclude(customer__role=Role.CUSTOMER).exists()
    assert not tickets.filter(customer__created_at__gte=F("created_at")).exists()
    assert not tickets.filter(parent_ticket__created_at__gte=F("created_at")).exists()
    assert not tickets.exclude(parent_ticket__parent_ticket=None).exists()
    members = set(GroupMember.objects.values_list("group", "user"))
    assigned = tickets.exclude(assignee=None)
    assert {(group, agent) for group, agent in assigned.values_list("group", "assignee")} <= members
    for reply in Reply.objects.filter(is_internal=True).select_related("user"):
        assert reply.user.is_staff
    pairs = set(TicketLink.objects.values_list("ticket_id", "linked_id"))
    assert pairs == {(far, near) for near, far in pairs}
    for near, far in TicketLink.objects.values_list("ticket_id", "linked__ticket_number"):
        assert Activity.objects.filter(ticket=near, action="linked", new_value=f"#{far}").exists()


def test_rules_have_acted_on_new_tickets_as_they_would_have() -> None:
    plant(150)
    switch_rules_on()
    rules = rules_for(RuleType.TICKET_CREATION)
    found = Evaluation.objects.filter(triggers="ticket_created").select_related("ticket__customer__company")
    evaluations = list(found)
    assert len(evaluations) == Ticket.objects.filter(created_at__gte=NOW - timedelta(days=28)).count() > 30
    rewind([evaluation.ticket for evaluation in evaluations])
    for evaluation in evaluations:
        revisions = rosters([evaluation.roster_id])[evaluation.roster_id]
        ticket, at, ask = evaluation.ticket, evaluation.created_at, Once()
        for rule, told in zip(rules, explained(evaluation.results, revisions), strict=True):
            digits, matched = judge(rule.conditions, rule.match, Known(Facts(ticket, at)))
            assert (digits, matched) == (
                "".join(str(int(condition["passed"])) for condition in told["conditions"]),
                told["matched"],
            )
            if matched:
                effects = [action.attempt(Run(ticket, rule.cause, at, new_id()), ask) for action in rule.actions]
                # As JSON: ids are texts there.
                assert [action["effect"] for action in told["actions"]] == orjson.loads(orjson.dumps(effects))


def test_what_rules_have_done_is_counted_and_explained() -> None:
    plant(150)
    executed = Activity.objects.filter(action="automation_executed")
    assert {rule.name for rule in AutomationRule.objects.all()} >= set(executed.values_list("new_value", flat=True))
    for rule in AutomationRule.objects.all():
        executions = rule.executions.order_by("-created_at")
        assert rule.execution_count == executed.filter(new_value=rule.name).count() == executions.count()
        assert rule.last_executed_at == (executions[0].created_at if executions else None)
        assert not executions.filter(folded=False).exists()
    assert AutomationRule.objects.filter(execution_count__gt=0).count() >= 4
    for evaluation in Evaluation.objects.exclude(triggers="ticket_created").select_related("ticket"):
        (told,) = explained(evaluation.results, rosters([evaluation.roster_id])[evaluation.roster_id])
        said = evaluation.ticket.replies.filter(from_staff=False, created_at__lte=evaluation.created_at)
        last = max([evaluation.ticket.created_at, *said.values_list("created_at", flat=True)])
        actual = {condition["field"]: condition["actual"] for condition in told["conditions"]}
        for field, since in (("hoursSinceCreated", evaluation.ticket.created_at), ("hoursSinceCustomerReply", last)):
            if field in actual:
                assert actual[field] == round((evaluation.created_at - since).total_seconds() / 3600, 2)


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


def test_the_newest_tickets_tell_who_was_mailed_and_what_never_arrived() -> None:
    plant(150)
    for ticket in Ticket.objects.select_related("customer"):
        mails = mails_about(ticket)
        answers = ticket.replies.filter(from_staff=True, is_internal=False)
        carried = {fact.mail.reply_id for fact in mails if fact.mail.kind == Kind.ANSWER}
        assert carried == set(answers.values_list("pk", flat=True))
        assert {fact.mail.email for fact in mails} <= {ticket.customer.email}
        for fact in mails:
            assert fact.mail.settled_at is not None
            assert ticket.created_at <= fact.mail.created_at < fact.mail.settled_at
    failed = TicketMail.objects.filter(outcome="failed")
    assert failed.count() == OutgoingMail.objects.filter(pk__in=failed).count() == 3
    assert failed.values("ticket__customer").distinct().count() == 3
    assert not failed.exclude(settled_at__lt=NOW).exists()


def test_lists_that_everybody_finds_are_ones_that_could_have_been_saved() -> None:
    plant(100)
    for view in SavedView.objects.select_related("owner"):
        assert view.is_shared
        queue = Queue(view.owner, QueryDict(view.query), now=NOW)
        assert queue.address() == view.query
        queue.page()


def test_every_ticket_is_measured_as_its_clock_would_measure_it() -> None:
    plant(300)

    def picture() -> list[Any]:
        return [list(model._default_manager.order_by("pk").values()) for model in (Ticket, Clock, Activity)]

    before = picture()
    assert Ticket.objects.filter(sla_deadline=None).exclude(status="pending").count() == 0
    assert Clock.objects.count() == 300
    assert Activity.objects.filter(action="sla_breached").exists()
    # A moment earlier: what falls due within the minute of midnight is not noticed yet.
    reckon(list(Ticket.objects.order_by("pk")), now=NOW - timedelta(minutes=1))
    assert picture() == before


def test_promises_an_admin_has_made_hold_in_the_demo() -> None:
    urgent = create_policy(actor=None, name="Ours", priority="urgent", first_response_time=5, resolution_time=60)
    plant(60)
    assert SlaPolicy.objects.filter(priority="urgent").get() == urgent
    tickets = Ticket.objects.filter(priority="urgent").exclude(sla_clock=None)
    assert {ticket.sla_clock.policy_id for ticket in tickets} == {urgent.pk}


def test_values_are_what_the_doors_would_have_let_in() -> None:
    plant(200)
    for person in User.objects.select_related("company"):
        assert person.email_key == matching_key(person.email)
        assert not person.has_usable_password()
        assert person.company is None or domain_of(person.email) in person.company.domains
        assert clean_tags(person.tags) == person.tags
        check_fields(EntityType.CONTACT, person.custom_fields)
    for company in Company.objects.all():
        assert clean_domains(company.domains) == company.domains
        check_fields(EntityType.COMPANY, company.custom_fields)
    for ticket in Ticket.objects.all():
        assert clean_tags(ticket.tags) == ticket.tags
        check_fields(EntityType.TICKET, ticket.custom_fields)
        assert "{" not in ticket.subject + ticket.description
    assert not Reply.objects.filter(content__contains="{").exists()
    assert not Note.objects.filter(content__contains="{").exists()


def check_fields(entity: str, values: dict[str, Any]) -> None:
    defined = {field.name: field for field in CustomField.objects.filter(entity_type=entity)}
    for name, value in values.items():
        assert problem_with(value, defined[name]) is None


def test_definitions_hold() -> None:
    plant(1)
    for field in CustomField.objects.all():
        check_definition(field)


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


def test_times_lie_in_the_year_before_its_end() -> None:
    plant(50)
    assert not Ticket.objects.filter(Q(created_at__lt=NOW - timedelta(days=365)) | Q(updated_at__gte=NOW)).exists()


def test_tickets_are_numbered_in_the_order_they_came() -> None:
    plant(50)
    by_number = list(Ticket.objects.order_by("ticket_number").values_list("pk", flat=True))
    assert by_number == list(Ticket.objects.order_by("created_at").values_list("pk", flat=True))
    assert by_number == sorted(by_number)


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
