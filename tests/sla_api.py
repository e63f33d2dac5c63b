"""What tests of service levels do through the API, and when."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import time_machine

from accounts.models import User
from tests.client import ApiClient

OFFICE = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in range(1, 6)]


def at(text: str) -> AbstractContextManager[Any]:
    """`with at("2025-12-17 10:00"):` a Wednesday, in UTC."""
    return time_machine.travel(moment(text), tick=False)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(text: str | None) -> str | None:
    return f"{text.replace(' ', 'T')}:00.000Z" if text else None


def hours(api: ApiClient, **values: Any) -> str:
    body = {"name": "Office", "timezone": "UTC", "schedule": OFFICE, **values}
    response = api.post("/api/business-hours", body)
    assert response.status_code == 201, response.content
    return response.json()["id"]


def policy(api: ApiClient, **values: Any) -> str:
    body = {"name": "High", "priority": "high", "firstResponseTime": 60, "resolutionTime": 240, **values}
    response = api.post("/api/sla-policies", body)
    assert response.status_code == 201, response.content
    return response.json()["id"]


def file(api: ApiClient, customer: User, **values: Any) -> dict[str, Any]:
    body = {"subject": "x", "description": "y", "customerId": str(customer.pk), "priority": "high", **values}
    response = api.post("/api/tickets", body)
    assert response.status_code == 201, response.content
    return response.json()


def change(api: ApiClient, ticket: dict[str, Any], **values: Any) -> dict[str, Any]:
    response = api.patch(f"/api/tickets/{ticket['id']}", values)
    assert response.status_code == 200, response.content
    return response.json()


def deadlines(api: ApiClient, ticket: dict[str, Any]) -> tuple[str | None, str | None]:
    found = api.get(f"/api/tickets/{ticket['id']}").json()
    return found["firstResponseDeadline"], found["slaDeadline"]
