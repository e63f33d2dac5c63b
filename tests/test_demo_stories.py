"""What the demo tells is what people, rules and mails would have left behind, had they been at work."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db.models import F, Q
from django.http import QueryDict

from accounts.emails import matching_key
from accounts.models import GroupMember, Role, User
from automation.actions import Run
from automation.conditions import Known, judge
from automation.facts import Facts
from automation.models import AutomationRule, Evaluation, RuleType
from automation.preview import rewind
from automation.rule_book import rules_for
from automation.traces import explained, rosters
from companies.domains import clean_domains, domain_of
from companies.models import Company
from custom_fields.models import CustomField, EntityType
from custom_fields.services import check_definition
from custom_fields.values import problem_with
from email_channel.facts import mails_about
from email_channel.models import Kind, TicketMail
from helpdesk.ids import new_id
from helpdesk.tags import clean_tags
from knowledge_base.models import (
    Article,
    ArticleSearch,
    ArticleSlug,
    Status,
    Visibility,
)
from knowledge_base.searching import search, words_of_article
from outbox.models import OutgoingMail
from sla.clocks import reckon
from sla.models import Clock
from tests.test_seed_demo import NOW, plant, switch_rules_on
from tickets.models import (
    DONE_STATUSES,
    Activity,
    Note,
    Reply,
    Ticket,
    TicketLink,
)
from tickets.rules import Once
from workspace.models import SavedView
from workspace.queues import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, scope="module")
def _planted(rows_of_module: None) -> None:
    plant(200)


def test_the_knowledge_base_is_one_that_the_services_would_have_written() -> None:
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


def test_every_history_is_one_that_the_services_would_have_written() -> None:
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


def test_the_newest_tickets_tell_who_was_mailed_and_what_never_arrived() -> None:
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
    for view in SavedView.objects.select_related("owner"):
        assert view.is_shared
        queue = Queue(view.owner, QueryDict(view.query), now=NOW)
        assert queue.address() == view.query
        queue.page()


def test_every_ticket_is_measured_as_its_clock_would_measure_it() -> None:

    def picture() -> list[Any]:
        return [list(model._default_manager.order_by("pk").values()) for model in (Ticket, Clock, Activity)]

    before = picture()
    assert Ticket.objects.filter(sla_deadline=None).exclude(status="pending").count() == 0
    assert Clock.objects.count() == Ticket.objects.count()
    assert Activity.objects.filter(action="sla_breached").exists()
    # A moment earlier: what falls due within the minute of midnight is not noticed yet.
    reckon(list(Ticket.objects.order_by("pk")), now=NOW - timedelta(minutes=1))
    assert picture() == before


def test_values_are_what_the_doors_would_have_let_in() -> None:
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
    for field in CustomField.objects.all():
        check_definition(field)


def test_times_lie_in_the_year_before_its_end() -> None:
    assert not Ticket.objects.filter(Q(created_at__lt=NOW - timedelta(days=365)) | Q(updated_at__gte=NOW)).exists()


def test_tickets_are_numbered_in_the_order_they_came() -> None:
    by_number = list(Ticket.objects.order_by("ticket_number").values_list("pk", flat=True))
    assert by_number == list(Ticket.objects.order_by("created_at").values_list("pk", flat=True))
    assert by_number == sorted(by_number)
