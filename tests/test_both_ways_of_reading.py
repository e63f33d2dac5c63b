"""A serializer is the only definition of a shape: what SQL writes is what it would have written."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.api.serializers import AgentGroupSerializer, ApiKeySerializer, GroupMemberSerializer, UserSerializer
from accounts.models import User
from companies.api.serializers import CompanySerializer
from custom_fields.api.serializers import CustomFieldSerializer
from helpdesk.api.json import dumps
from helpdesk.api.reads import Statement
from helpdesk.api.serializers import Resource, columns_of
from sla.api.serializers import BusinessHoursSerializer, HolidaySerializer, SlaPolicySerializer
from sla.models import BusinessHours, Holiday, SlaPolicy
from tests import factories
from tickets.api import serializers as tickets
from tickets.models import Ticket, TicketLink

pytestmark = pytest.mark.django_db

MOMENT = datetime(2025, 12, 18, 5, 21, 7, 214_999, tzinfo=UTC)
DATA = {"snake_key": {"camelKey": [1, 2.5, None, True, 'ü \u2028 " \\ 😀']}, "n": -0.0, "e": "", "big": 2**53}


def compiled(serializer: type[Resource]) -> list[Any]:
    rows = serializer.Meta.model._default_manager.order_by("pk")
    return orjson.loads(dumps(Statement(rows, columns_of(serializer)).fetch({})))


def written(serializer: type[Resource]) -> list[Any]:
    rows = serializer.Meta.model._default_manager.order_by("pk")
    return orjson.loads(dumps([dict(serializer(row).data) for row in rows]))


@pytest.fixture
def everything() -> None:
    company = factories.CompanyFactory(domains=["a.example"], renewal_date=MOMENT, custom_fields=DATA)
    agent = factories.UserFactory(agent=True, tags=["ü", "b"], custom_fields=DATA, phone="1", company=company)
    group = factories.AgentGroupFactory(description="x", auto_assign=True)
    factories.GroupMemberFactory(group=group, user=agent, is_leader=True)
    factories.ApiKeyFactory(owner=agent, expires_at=MOMENT)
    factories.CustomFieldFactory(options=["a"], default_value={"a": 1}, position=3)
    factories.CustomFieldFactory(default_value=False)
    full = factories.TicketFactory(
        assignee=agent, group=group, tags=["z", "a"], custom_fields=DATA, category="x", due_date=MOMENT,
        sla_deadline=MOMENT, first_response_at=MOMENT, resolved_at=MOMENT, archived_at=MOMENT,
    )  # fmt: skip
    child = factories.TicketFactory(parent_ticket=full)
    other = factories.TicketFactory()
    for near, far in [(full, child), (child, full), (full, other), (other, full)]:
        TicketLink.objects.create(ticket=near, linked=far)
    reply = factories.ReplyFactory(ticket=full, is_internal=True)
    factories.NoteFactory(ticket=full, is_private=False)
    factories.ActivityFactory(ticket=full, user=agent, old_value="a", new_value="")
    full.attachments.create(filename="ü.txt", stored_name="x", file_size=2**40, mime_type="text/plain", reply=reply)
    factories.TimeEntryFactory(ticket=full, timer_running=True, timer_started_at=MOMENT, note="n", billable=True)
    factories.CannedResponseFactory(created_by=agent, shortcut="x")
    factories.TicketTemplateFactory(group=group, tags=["a"], created_by=agent)
    interval = {"day": 1, "startTime": "09:00", "endTime": "17:00"}
    hours = BusinessHours.objects.create(name="ü", schedule=[interval], is_default=True)
    Holiday.objects.create(business_hours=hours, name="x", date=MOMENT.date())
    for used in (hours, None):
        SlaPolicy.objects.create(
            name="x",
            priority="low",
            first_response_time=1,
            resolution_time=2,
            business_hours=used,
            is_active=bool(used),
        )


SERIALIZERS = [
    UserSerializer,
    AgentGroupSerializer,
    GroupMemberSerializer,
    ApiKeySerializer,
    CompanySerializer,
    CustomFieldSerializer,
    tickets.TicketSerializer,
    tickets.ReplySerializer,
    tickets.NoteSerializer,
    tickets.ActivitySerializer,
    tickets.AttachmentSerializer,
    tickets.TimeEntrySerializer,
    tickets.CannedResponseSerializer,
    tickets.TicketTemplateSerializer,
    BusinessHoursSerializer,
    HolidaySerializer,
    SlaPolicySerializer,
]


@pytest.mark.parametrize("serializer", SERIALIZERS, ids=lambda serializer: serializer.__name__)
def test_sql_and_serializer_write_the_same(everything: None, serializer: type[Resource]) -> None:
    rows = compiled(serializer)
    assert rows
    assert rows == written(serializer)
    assert [list(row) for row in rows] == [list(row) for row in written(serializer)], "in the same order"


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moment=st.datetimes(
        datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2400-01-01"), timezones=st.just(UTC)
    ),
    text=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=50),
)
def test_any_moment_and_any_text_read_the_same(customer: User, moment: datetime, text: str) -> None:
    Ticket.objects.all().delete()
    values = {
        "created_at": moment,
        "resolved_at": moment,
        "description": text,
        "tags": [text],
        "custom_fields": {text: text},
    }
    factories.TicketFactory(customer=customer, **values)
    (row,) = compiled(tickets.TicketSerializer)
    assert [row] == written(tickets.TicketSerializer)
    assert (row["description"], row["tags"], row["customFields"]) == (text, [text], {text: text})
    assert UUID(row["id"])
