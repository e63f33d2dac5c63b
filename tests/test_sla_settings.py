"""Policies, business hours and holidays over HTTP: what is taken, what is refused, and what a policy would do."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from sla.models import BusinessHours, SlaPolicy
from tests.client import ApiClient
from tests.sla_api import OFFICE, at, change, file, hours, moment, policy
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


# --- Previews -----------------------------------------------------------------------------------------


def test_a_policy_can_be_tried_without_saving_it(api: ApiClient, customer: User) -> None:
    key = policy(api)
    with at("2025-12-17 10:00"):
        for _ in range(3):
            file(api, customer)
        change(api, file(api, customer), status="pending")
        file(api, customer, priority="low")
    with at("2025-12-17 12:30"):
        for ticket in Ticket.objects.filter(status="open", priority="high"):
            Ticket.objects.filter(pk=ticket.pk).update(first_response_at=moment("2025-12-17 10:10"))
        before = list(Ticket.objects.order_by("pk").values())
        preview = api.post(f"/api/sla-policies/{key}/preview", {"resolutionTime": 120})
        assert preview.status_code == 200
        assert preview.json() == {
            "tickets": 4, "checked": 4, "earlier": 4, "later": 0, "unchanged": 0, "wouldBreach": 3, "wouldRecover": 0,
        }  # fmt: skip
        later = api.post(f"/api/sla-policies/{key}/preview", {"resolutionTime": 480}).json()
        assert (later["later"], later["wouldBreach"]) == (4, 0)
        gone = api.post(f"/api/sla-policies/{key}/preview", {"isActive": False}).json()
        assert (gone["tickets"], gone["later"]) == (4, 4)
        same = api.post(f"/api/sla-policies/{key}/preview", {"name": "Other"}).json()
        assert (same["unchanged"], same["earlier"], same["later"]) == (4, 0, 0)
        body = {"name": "Low", "priority": "low", "firstResponseTime": 10, "resolutionTime": 20}
        new = api.post("/api/sla-policies/preview", body).json()
        assert (new["tickets"], new["earlier"], new["wouldBreach"]) == (1, 1, 1)
    assert list(Ticket.objects.order_by("pk").values()) == before
    assert SlaPolicy.objects.get().resolution_time == 240


def test_a_preview_refuses_what_saving_would_refuse(api: ApiClient) -> None:
    refused = api.post(
        "/api/sla-policies/preview", {"name": "x", "priority": "low", "firstResponseTime": 0, "resolutionTime": 5}
    )
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["firstResponseTime"])
    assert api.post(f"/api/sla-policies/{'0' * 8}-0000-7000-8000-{'0' * 12}/preview", {}).status_code == 404


# --- Settings over HTTP -------------------------------------------------------------------------------

BAD_POLICIES = [
    ({"priority": "huge"}, "priority"),
    ({"priority": None}, "priority"),
    ({"name": " "}, "name"),
    ({"firstResponseTime": 0}, "firstResponseTime"),
    ({"firstResponseTime": -5}, "firstResponseTime"),
    ({"firstResponseTime": "60"}, "firstResponseTime"),
    ({"resolutionTime": 525_601}, "resolutionTime"),
    ({"resolutionTime": None}, "resolutionTime"),
    ({"resolutionTime": 10**12}, "resolutionTime"),
    ({"businessHoursId": "00000000-0000-7000-8000-000000000000"}, "businessHoursId"),
    ({"businessHoursId": 5}, "businessHoursId"),
    ({"escalationEmail": "nobody"}, "escalationEmail"),
    ({"escalationEmail": "a@b.example\nBcc: c@d.example"}, "escalationEmail"),
    ({"isActive": "yes"}, "isActive"),
]


@pytest.mark.parametrize(("values", "field"), BAD_POLICIES, ids=str)
def test_policies_that_make_no_sense_are_refused(api: ApiClient, values: dict[str, Any], field: str) -> None:
    body = {"name": "x", "priority": "low", "firstResponseTime": 10, "resolutionTime": 20, **values}
    response = api.post("/api/sla-policies", body)
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    assert not SlaPolicy.objects.exists()


BAD_HOURS: list[tuple[dict[str, Any], str]] = [
    ({"timezone": "Mars/Olympus"}, "timezone"),
    ({"timezone": "../etc/passwd"}, "timezone"),
    ({"timezone": ""}, "timezone"),
    ({"schedule": []}, "schedule"),
    ({"schedule": None}, "schedule"),
    ({"schedule": {"day": 1}}, "schedule"),
    ({"schedule": [1]}, "schedule"),
    ({"schedule": [{"day": 7, "startTime": "09:00", "endTime": "17:00"}]}, "schedule"),
    ({"schedule": [{"day": True, "startTime": "09:00", "endTime": "17:00"}]}, "schedule"),
    ({"schedule": [{"day": 1, "startTime": "9:00", "endTime": "17:00"}]}, "schedule"),
    ({"schedule": [{"day": 1, "startTime": "24:00", "endTime": "17:00"}]}, "schedule"),
    ({"schedule": [{"day": 1, "startTime": "09:00", "endTime": "24:01"}]}, "schedule"),
    ({"schedule": [{"day": 1, "startTime": "09:00"}]}, "schedule"),
    ({"schedule": [{"day": 1, "startTime": "٠٩:٠٠", "endTime": "17:00"}]}, "schedule"),
    (
        {
            "schedule": [
                {"day": 1, "startTime": "09:00", "endTime": "17:00"},
                {"day": 1, "startTime": "16:59", "endTime": "18:00"},
            ]
        },
        "schedule",
    ),
    (
        {
            "schedule": [
                {"day": 6, "startTime": "22:00", "endTime": "06:00"},
                {"day": 0, "startTime": "05:00", "endTime": "07:00"},
            ]
        },
        "schedule",
    ),
    ({"schedule": [{"day": 1, "startTime": "09:00", "endTime": "17:00"}] * 101}, "schedule"),
]


@pytest.mark.parametrize(("values", "field"), BAD_HOURS, ids=str)
def test_business_hours_that_make_no_sense_are_refused(api: ApiClient, values: dict[str, Any], field: str) -> None:
    response = api.post("/api/business-hours", {"name": "x", "timezone": "UTC", "schedule": OFFICE, **values})
    assert (response.status_code, list(response.json()["details"])) == (400, [field])
    assert not BusinessHours.objects.exists()


def test_touching_intervals_and_nights_are_fine(api: ApiClient) -> None:
    schedule = [
        {"day": 6, "startTime": "22:00", "endTime": "06:00"},
        {"day": 0, "startTime": "06:00", "endTime": "24:00", "note": "dropped"},
    ]
    key = hours(api, schedule=schedule)
    assert api.get(f"/api/business-hours/{key}").json()["schedule"] == [
        {"day": 0, "startTime": "06:00", "endTime": "24:00"},
        {"day": 6, "startTime": "22:00", "endTime": "06:00"},
    ]


def test_only_one_set_of_business_hours_is_the_default(api: ApiClient) -> None:
    first, second = hours(api, name="A", isDefault=True), hours(api, name="B")
    api.patch(f"/api/business-hours/{second}", {"isDefault": True})
    assert {row["id"]: row["isDefault"] for row in api.get("/api/business-hours").json()} == {
        first: False,
        second: True,
    }


def test_business_hours_in_use_cannot_be_deleted(api: ApiClient) -> None:
    key = hours(api)
    used = policy(api, businessHoursId=key)
    refused = api.delete(f"/api/business-hours/{key}")
    assert (refused.status_code, refused.json()["error"]) == (409, "These business hours are used by: High.")
    api.delete(f"/api/sla-policies/{used}")
    assert api.delete(f"/api/business-hours/{key}").status_code == 204


def test_holidays_are_listed_by_date_and_once_each(api: ApiClient) -> None:
    path = f"/api/business-hours/{hours(api)}/holidays"
    for day in ("2026-01-01", "2025-12-25"):
        created = api.post(path, {"name": "Off", "date": day})
        assert (created.status_code, created.json()["date"]) == (201, day)
    assert [holiday["date"] for holiday in api.get(path).json()] == ["2025-12-25", "2026-01-01"]
    assert [holiday["date"] for holiday in api.get(f"{path}?limit=1").json()] == ["2025-12-25"]
    assert api.post(path, {"name": "Off", "date": "2026-01-01"}).status_code == 409
    for bad in ("2025-02-30", "2025-12-25T00:00:00Z", "25.12.2025", 20251225, None):
        assert list(api.post(path, {"name": "Off", "date": bad}).json()["details"]) == ["date"]


def test_settings_are_read_with_the_scope_and_written_by_admins(
    api: ApiClient, api_with: Callable[..., ApiClient], agent: User
) -> None:
    key = policy(api)
    reader, writer = api_with("tickets:read"), api_with("tickets:read", "tickets:write", owner=agent)
    for path in ("/api/sla-policies", f"/api/sla-policies/{key}", "/api/business-hours"):
        assert reader.get(path).status_code == 200
    assert reader.patch(f"/api/sla-policies/{key}", {"name": "x"}).status_code == 403
    assert writer.patch(f"/api/sla-policies/{key}", {"name": "x"}).status_code == 403
    assert writer.post("/api/business-hours", {"name": "x", "schedule": OFFICE}).status_code == 403
    assert writer.post(f"/api/sla-policies/{key}/preview", {}).status_code == 403
    assert api_with("users:read").get("/api/sla-policies").status_code == 403
