"""The database finds the same tickets as Python, wherever it is trusted to; elsewhere these and others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.conditions import Known, judge, parse_conditions
from automation.facts import Facts
from automation.fields import facts_about
from automation.in_sql import LIKE_ASCII, Narrowing
from helpdesk.errors import Invalid
from tests.factories import CompanyFactory, ReplyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Ticket

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
# Letters that fold into one another, into ASCII or not at all, and what LIKE and its escapes are made of.
LETTERS = "kK\u212aiI\u0130\u0131sS\u017f\u00dfeE\u00e9\u00c9\u03a3\u03c2x%_\\ '"
TEXT = st.text(LETTERS, min_size=1, max_size=3)
NUMBER = st.one_of(
    st.integers(-1, 12), st.sampled_from(["3", "3.0", "3.5", 2.0, 2.5, -0.5, 10**17, -(10**17), 1e17, 1e-9])
)
VALUES: dict[str, list[Any]] = {
    "status": ["open", "Pending", "closed"],
    "priority": ["low", "high", "urgent"],
    "category": ["billing", "BILL", "straße", "50%_x", None, "K"],
    "subject": ["printer", "é", "%"],
    "assigneeId": [None, "397f8871-6bd4-4df4-ad6f-0fef197e8547"],
    "ticketNumber": [1, "3", 100, 2.5],
    "dueDate": ["2026-01-02", "2026-01-01T12:00:00Z", None],
    "tags": ["eu", "KIT", "a\\b", 'say "x"', "e"],
    "customFields.plan": ["pro", 5, "kit", True, "none", "nan", "1e+17", "é"],
    "customer.tags": ["vip", None],
    "company.domains": ["acme.example"],
    "company.customFields.level": ["gold"],
    "customer.phone": ["555", None],
    "customer.isActive": [True, False],
    "company.accountTier": ["premium", "free"],
    "company.industry": ["retail", None],
    "hoursSinceCreated": [1, 10, 100],
    "hoursSinceStatusChanged": [1, 10],
    "hoursSinceCustomerReply": [1, 10],
    "hoursUntilSlaDeadline": [-1, 0, 5],
}
OPERATORS = ["is", "is_not", "contains", "not_contains", "in", "greater_than", "less_than", "is_empty", "is_not_empty"]


@st.composite
def some_conditions(draw: st.DrawFn) -> tuple[list[dict[str, Any]], str]:
    conditions = []
    for _ in range(draw(st.integers(0, 3))):
        field = draw(st.sampled_from(list(VALUES)))
        operator = draw(st.sampled_from(OPERATORS))
        value = draw(st.sampled_from(VALUES[field]))
        one = {"field": field, "operator": operator, "value": [value] if operator == "in" else value}
        try:
            parse_conditions([one])
        except Invalid:  # not every operator fits every field
            continue
        conditions.append(one)
    return conditions, draw(st.sampled_from(["all", "any"]))


PLANS: list[Any] = ["Pro", 5, "\u212ait", ["pro", None], True, 1e17, None, ["5", False], {"pro": None}, "É"]


@pytest.fixture
def crowd() -> datetime:
    now = timezone.now()
    company = CompanyFactory(
        account_tier="premium", industry="Retail", domains=["Acme.example"], custom_fields={"level": "Gold"}
    )
    people = [
        UserFactory(company=company, phone="555-1", tags=["VIP"]),
        UserFactory(phone=None),
        UserFactory(is_active=False),
    ]
    categories = ["Billing", "billing", "STRASSE", "straße", None, "", "50%_X", "ß", "Ärger", "\u212a", "bill"]
    for n, category in enumerate(categories):
        ticket = TicketFactory(
            category=category,
            subject=["Printer", "É", "100%", "x"][n % 4],
            status=["open", "pending", "closed"][n % 3],
            priority=["low", "medium", "high", "urgent"][n % 4],
            customer=people[n % 3],
            assignee=UserFactory(agent=True) if n % 2 else None,
            tags=[["eu"], [], ["EU", "vip"], ["\u212a\u0130t", "a\\b"], ["\u212ait", 'say "X"']][n % 5],
            custom_fields={} if n == 0 else {"plan": PLANS[n % len(PLANS)]},
            due_date=[None, datetime(2026, 1, 2, 5, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)][n % 3],
            sla_deadline=[None, now - HOUR, now + 10 * HOUR][n % 3],
            created_at=now - n * 3 * HOUR,
        )
        if n % 2:
            ReplyFactory(ticket=ticket, user=ticket.customer, created_at=now - n * HOUR)
            Activity.objects.create(ticket=ticket, action="status_changed", created_at=now - n * HOUR)
    return now


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(chosen=some_conditions())
def test_sql_and_python_find_the_same_tickets(crowd: datetime, chosen: tuple[list[dict[str, Any]], str]) -> None:
    given_conditions, match = chosen
    conditions = parse_conditions(given_conditions)
    tickets = Ticket.objects.select_related("customer__company")
    about = facts_about(list(tickets), (condition.field for condition in conditions), crowd)
    expected = {facts.ticket.pk for facts in about if judge(conditions, match, Known(facts))[1]}
    narrowing = Narrowing(conditions, match, crowd)
    found = set(narrowing.apply(Ticket.objects.all()).values_list("pk", flat=True))
    assert found == expected if narrowing.exact else found >= expected


NARROWED = [
    ({"field": "tags", "operator": "contains", "value": "VIP"}, "all"),
    ({"field": "tags", "operator": "in", "value": "vip, eu"}, "any"),
    ({"field": "customFields.plan", "operator": "is", "value": "pro"}, "all"),
    ({"field": "company.domains", "operator": "is", "value": "acme.example"}, "any"),
]


@pytest.mark.parametrize(("condition", "match"), NARROWED)
def test_words_in_lists_and_custom_fields_leave_few_tickets_to_look_at(
    condition: dict[str, Any], match: str, db: None
) -> None:
    company = CompanyFactory(domains=["acme.example"])
    TicketFactory(customer__company=company, tags=["Vip"], custom_fields={"plan": "Pro"})
    TicketFactory.create_batch(2, tags=["other"], custom_fields={"plan": "basic"})
    narrowing = Narrowing(parse_conditions([condition]), match, timezone.now())
    assert narrowing.apply(Ticket.objects.all()).count() == 1


@pytest.fixture
def odd_ones(db: None) -> list[Ticket]:
    """Tickets with every letter that is difficult, and numbers from nought."""
    customer = UserFactory()
    subjects = [*LETTERS.strip(), "Printer", "\u212aI", "\u0130x", "Ek\\", "%_'", "\u017fS", "\u03a3 "]
    return [TicketFactory(customer=customer, subject=one, ticket_number=n) for n, one in enumerate(subjects)]


@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    asked=st.tuples(
        st.just("subject"),
        st.sampled_from(["is", "is_not", "contains", "not_contains", "in"]),
        st.lists(TEXT, min_size=1),
    )
    | st.tuples(
        st.just("ticketNumber"),
        st.sampled_from(["is", "is_not", "greater_than", "less_than", "in"]),
        st.lists(NUMBER, min_size=1),
    )
)
def test_texts_and_numbers_are_looked_up_as_they_are_compared(
    odd_ones: list[Ticket], asked: tuple[str, str, list[Any]]
) -> None:
    name, operator, values = asked
    value = values if operator == "in" else values[0]
    conditions = parse_conditions([{"field": name, "operator": operator, "value": value}])
    now = timezone.now()
    narrowing = Narrowing(conditions, "all", now)
    assert narrowing.exact or not all(type(one) is int or (name == "subject" and one.isascii()) for one in values)
    expected = {t.pk for t in odd_ones if judge(conditions, "all", Known(Facts(t, now)))[1]}
    found = set(narrowing.apply(Ticket.objects.all()).values_list("pk", flat=True))
    assert found == expected if narrowing.exact else found >= expected


def test_which_letters_become_ascii_in_lower_case() -> None:
    beyond = (chr(code) for code in range(128, 0x20000))
    assert {letter for letter in beyond if any(one.isascii() for one in letter.lower())} == set(LIKE_ASCII)
