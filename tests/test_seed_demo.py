"""The demo data: believable, the same each time, and never twice."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from helpdesk.demo.seeding import day_begin, seed
from tests.client import ApiClient
from tests.factories import ApiKeyFactory, TicketFactory, UserFactory
from tickets.models import Activity, Reply, Ticket, TicketLink

pytestmark = pytest.mark.django_db

NOW = day_begin(timezone.now())


def run(**options: Any) -> str:
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def test_a_hundred_tickets_by_default_and_only_once() -> None:
    assert "100 tickets" in run()
    assert Ticket.objects.count() == 100
    assert "there already" in run(tickets=5)
    assert Ticket.objects.count() == 100


def test_it_is_the_same_each_time() -> None:
    def picture() -> list[Any]:
        tickets = Ticket.objects.order_by("id").values_list("id", "subject", "status", "customer_id", "updated_at")
        return [*tickets, *Reply.objects.order_by("id").values_list("id", "content", "user_id")]

    seed(60, NOW, lambda _: None)
    first = picture()
    for model in (Ticket, User):
        model.objects.all().delete()
    from accounts.models import AgentGroup
    from companies.models import Company
    from tickets.models import TicketTemplate

    for model in (AgentGroup, Company, TicketTemplate):
        model.objects.all().delete()
    seed(60, NOW, lambda _: None)
    assert picture() == first


def test_what_it_tells_is_consistent() -> None:
    seed(300, NOW, lambda _: None)
    tickets = Ticket.objects.all()
    assert set(tickets.values_list("status", flat=True)) == {"open", "pending", "in_progress", "resolved", "closed"}
    done = Q(status__in=["resolved", "closed"])
    assert not tickets.filter(done, resolved_at=None).exists()
    assert not tickets.exclude(done).exclude(resolved_at=None).exists()
    assert not tickets.filter(Q(updated_at__lt=F("created_at")) | Q(updated_at__gt=NOW)).exists()
    assert not tickets.exclude(assignee=None).filter(assignee__role="customer").exists()
    assert not tickets.filter(subject__contains="{").exists()
    assert not Reply.objects.filter(content__contains="{").exists()
    assert Activity.objects.filter(action="created").count() == 300
    for ticket in tickets.prefetch_related("replies__user"):
        answers = [r.created_at for r in ticket.replies.all() if r.user.role != "customer"]
        assert ticket.first_response_at == (min(answers) if answers else None)
    pairs = set(TicketLink.objects.values_list("ticket_id", "linked_id"))
    assert pairs
    assert pairs == {(far, near) for near, far in pairs}
    assert tickets.exclude(parent_ticket=None).exists()


def test_numbers_go_on_after_it() -> None:
    before = TicketFactory().ticket_number
    run(tickets=20)
    assert TicketFactory().ticket_number == before + 21


def test_the_api_answers_on_it_and_nobody_of_it_can_sign_in() -> None:
    run(tickets=40)
    api = ApiClient(ApiKeyFactory().secret)
    assert len(api.get("/api/tickets?archived=all").json()) == 40
    assert api.get("/api/tickets?limit=3&include=customer,company,assignee,group").status_code == 200
    assert not any(user.has_usable_password() for user in User.objects.filter(username__startswith="demo."))


def test_it_stays_beside_what_is_there() -> None:
    mine = UserFactory(admin=True, username="admin", email="admin@example.com")
    run(tickets=3)
    mine.refresh_from_db()
    assert mine.is_admin


def test_nonsense_is_refused() -> None:
    with pytest.raises(CommandError):
        run(tickets=0)


def test_times_lie_in_the_year_before_the_last_midnight() -> None:
    seed(50, NOW, lambda _: None)
    assert not Ticket.objects.filter(Q(created_at__lt=NOW - timedelta(days=366)) | Q(created_at__gt=NOW)).exists()
