"""Views of the queue that people save: shared, renamed, deleted, counted."""

import pytest
from django.test import Client, RequestFactory

from accounts.erasing import erase_person
from accounts.models import User
from audit.models import Entry
from audit.services import ERASED
from helpdesk.errors import NotFound
from tests.desk import signed_in
from tests.factories import AgentGroupFactory, GroupMemberFactory, TicketFactory, UserFactory
from workspace import saved_views
from workspace.models import SavedView

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tickets/"


@pytest.fixture
def browser(agent: User) -> Client:
    return signed_in(agent)


def test_views_are_saved_shared_and_deleted_by_their_owner(browser: Client, agent: User, admin: User) -> None:
    save = "/admin/tickets/views/"
    browser.post(save, {"name": "Burning", "queue": "view=all&priority=urgent&cursor=x", "shared": "on"})
    browser.post(save, {"name": "Secret", "queue": "view=mine"})
    browser.post(save, {"name": "Secret", "queue": "view=all"})
    browser.post(save, {"name": "Broken", "queue": "view=none"})
    assert sorted(SavedView.objects.values_list("name", "query")) == [
        ("Burning", "view=all&priority=urgent"),
        ("Secret", "view=mine"),
    ]
    shared, secret = SavedView.objects.order_by("name")
    browser.post(f"{save}{shared.pk}/", {"name": "Secret"})  # a name that is taken
    browser.post(f"{save}{shared.pk}/", {"name": "Burning brightly", "shared": "on"})
    shared.refresh_from_db()
    assert (shared.name, shared.is_shared) == ("Burning brightly", True)
    assert browser.get(f"{QUEUE}?view=mine&sort=due").context["is_saved"]  # however the address says it
    colleague = signed_in(UserFactory(agent=True))
    page = colleague.get(QUEUE).content.decode()
    assert "Burning" in page
    assert "Secret" not in page
    TicketFactory(priority="urgent")
    numbers = colleague.get("/admin/tickets/counts/").json()
    assert (numbers[str(shared.pk)], str(secret.pk) in numbers) == ("1", False)
    for change in ("", "delete/"):
        assert colleague.post(f"{save}{shared.pk}/{change}", {"name": "Mine"}).status_code == 404
        assert signed_in(admin).post(f"{save}{secret.pk}/{change}", {"name": "Mine"}).status_code == 404
    assert signed_in(admin).post(f"{save}{shared.pk}/delete/").status_code == 302
    assert browser.post(f"{save}{secret.pk}/delete/").status_code == 302
    assert not SavedView.objects.exists()


def test_what_happens_to_views_that_all_may_use_is_in_the_audit_log(browser: Client, agent: User, admin: User) -> None:
    save = "/admin/tickets/views/"
    browser.post(save, {"name": "Secret", "queue": "view=mine"})
    browser.post(save, {"name": "Burning", "queue": "view=all&priority=urgent", "shared": "on"})
    shared, secret = SavedView.objects.order_by("name")
    browser.post(f"{save}{shared.pk}/", {"name": "Burning brightly", "shared": "on"})
    browser.post(f"{save}{secret.pk}/", {"name": "Still secret"})
    browser.post(f"{save}{secret.pk}/delete/")
    signed_in(admin).post(f"{save}{shared.pk}/delete/")
    recorded = Entry.objects.order_by("created_at", "id").values_list("action", "actor_id", "subject_name")
    assert list(recorded) == [
        ("created", agent.pk, "Burning"),
        ("changed", agent.pk, "Burning brightly"),
        ("deleted", admin.pk, "Burning brightly"),
    ]
    assert Entry.objects.get(action="changed").changes == {"name": ["Burning", "Burning brightly"]}
    assert Entry.objects.get(action="created").changes["query"] == [None, "view=all&priority=urgent"]
    assert "Shared view" in signed_in(admin).get("/admin/audit/entry/").text


def test_the_audit_log_forgets_whom_a_shared_view_was_about(browser: Client, customer: User, admin: User) -> None:
    for name, queue in (
        (customer.name, "view=all"),
        ("Theirs", f"view=all&customer={customer.email}"),
        ("Us", "view=all"),
    ):
        browser.post("/admin/tickets/views/", {"name": name, "queue": queue, "shared": "on"})
    erase_person(customer, actor=admin)
    kept = Entry.objects.filter(kind="workspace.savedview").order_by("created_at", "id")
    assert [entry.subject_name for entry in kept] == [ERASED, ERASED, "Us"]
    assert [bool(entry.changes) for entry in kept] == [False, False, True]


def test_a_view_deleted_meanwhile_does_not_come_back(agent: User, browser: Client) -> None:
    view = SavedView.objects.create(owner=agent, name="Mine", query="view=mine")
    request = RequestFactory().post("/", {"name": "Renamed"})
    request.user = agent
    found = saved_views.changeable_view(agent, view.pk)
    view.delete()
    with pytest.raises(NotFound, match="This view is gone"):
        saved_views.rename(found, request)
    assert not SavedView.objects.exists()


def test_an_admin_reads_whose_view_has_the_name_already(agent: User, admin: User) -> None:
    SavedView.objects.create(owner=agent, name="Secret", query="view=mine")
    shared = SavedView.objects.create(owner=agent, name="Shared", query="view=mine", is_shared=True)
    for user, sentence in ((agent, "You have"), (admin, f"{agent.name} has")):
        answer = signed_in(user).post(f"/admin/tickets/views/{shared.pk}/", {"name": "Secret"}, follow=True)
        assert [str(one) for one in answer.context["messages"]] == [f"{sentence} a view of this name already."]


@pytest.mark.parametrize(("took", "kept"), [(0.01, 60), (0.2, 60), (2, 600)])
def test_what_takes_long_to_count_is_kept_longer(
    agent: User, monkeypatch: pytest.MonkeyPatch, took: float, kept: int
) -> None:
    SavedView.objects.create(owner=agent, name="Slow", query="view=mine")
    clock, lasting = iter([1.0, 1.0 + took]), []
    monkeypatch.setattr(saved_views, "monotonic", lambda: next(clock))
    monkeypatch.setattr(saved_views.cache, "set", lambda _key, _value, seconds: lasting.append(seconds))
    assert list(saved_views.saved_counts(agent).values()) == ["0"]
    assert lasting == [kept]


def test_nobody_fills_everybodys_pages_with_views(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    for name in ("One", "Two"):
        browser.post("/admin/tickets/views/", {"name": name, "queue": "view=all", "shared": "on"})
    assert SavedView.objects.get().name == "One"


def test_numbers_follow_what_somebody_sees(browser: Client, agent: User) -> None:
    group = AgentGroupFactory()
    TicketFactory(group=group)
    browser.post("/admin/tickets/views/", {"name": "Every", "queue": "view=all"})
    view = SavedView.objects.get()

    def number() -> str:
        return str(browser.get("/admin/tickets/counts/").json()[str(view.pk)])

    member = GroupMemberFactory(group=group, user=agent)
    for scope, role, found in (("global", "agent", "1"), ("restricted", "admin", "1"), ("restricted", "agent", "0")):
        User.objects.filter(pk=agent.pk).update(ticket_scope=scope, role=role)
        assert number() == found
    User.objects.filter(pk=agent.pk).update(ticket_scope="group")
    assert number() == "1"
    member.delete()
    assert number() == "0"
