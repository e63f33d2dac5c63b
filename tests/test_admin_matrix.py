"""Who may open which page under /admin/: everybody against everything."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from helpdesk.admin_pages import Pages, Who
from tests.admin_matrix import CLOSED, DOORS, MODELS, OWNED, VIEWS, Model, View, a_ticket
from tests.factories import AgentGroupFactory, CompanyFactory, GroupMemberFactory, TicketFactory, UserFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def names(patterns: Any = None) -> Iterator[str]:
    """The name of every address of the admin pages."""
    if patterns is None:
        [patterns] = [found.url_patterns for found in get_resolver().url_patterns if is_admin(found)]
    for found in patterns:
        if isinstance(found, URLResolver):
            yield from names(found.url_patterns)
        elif found.name:
            yield found.name


def is_admin(found: URLPattern | URLResolver) -> bool:
    return isinstance(found, URLResolver) and found.namespace == "admin"


def pages_of(label: str, model: Model) -> dict[str, tuple[Who, str, bool]]:
    """The pages of a model: who they are for, whether they take the row's key, whether they are posted to."""
    return {
        f"{label}_changelist": (model.seen, "", False),
        f"{label}_add": (model.added, "", False),
        f"{label}_change": (model.seen, "row", False),
        f"{label}_delete": (model.removed, "row", False),
        **{f"{label}_{name}": (model.pressed or model.changed, "row", True) for name in model.posts},
        **{f"{label}_{name}": (who, "row", False) for name, who in model.views.items()},
    }


PAGES = {name: (label, *page) for label, model in MODELS.items() for name, page in pages_of(label, model).items()}
HISTORIES = {f"{label}_history" for label in MODELS}


EVERYBODY = ("anonymous", "customer", "agent", "admin")
Visitor = Callable[[str], Client]


@pytest.fixture(scope="module")
def visitor(rows_of_module: None) -> Visitor:
    """`visitor("agent")`: a browser in which an agent has just signed in."""
    signed_in = {who: Client() for who in EVERYBODY}
    for who in EVERYBODY[1:]:
        signed_in[who].force_login(UserFactory(**{who: True}))

    def opened(who: str) -> Client:
        browser = Client()
        browser.cookies.load(signed_in[who].cookies.output(header="", sep=";"))
        return browser

    return opened


def check(browser: Client, who: str, allowed: Who, address: str, *, posted: bool, status: int = 200) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = browser.generic("POST" if posted else "GET", address)
    if not posted:
        written = [query["sql"][:200] for query in asked if WRITES.match(query["sql"])]
        assert not written, "a page that is looked at changes nothing"
    if who == "anonymous":
        assert (answer.status_code, answer["Location"][:13]) == (302, "/admin/login/")
    elif (allowed is Who.STAFF and who in ("agent", "admin")) or (allowed is Who.ADMINS and who == "admin"):
        assert answer.status_code in ((302, 200, status) if posted else (status,))
        assert "/admin/login/" not in answer.get("Location", "")
    else:
        assert answer.status_code == 403


# Sessions are kept where they are; everything else is data.
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE)\b(?!.*django_session)", re.IGNORECASE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_models_open_to_whom_they_are_for(visitor: Visitor, name: str) -> None:
    label, allowed, arg, posted = PAGES[name]
    row = MODELS[label].row()
    address = reverse(f"admin:{name}", args=[row.pk] if arg else [])
    address += MODELS[label].listed if name.endswith("_changelist") else ""
    for who in EVERYBODY:
        check(visitor(who), who, allowed, address, posted=posted)
        if posted and who == "admin":
            assert visitor(who).get(address).status_code == 405


@pytest.mark.parametrize("name", VIEWS)
def test_other_pages_open_to_whom_they_are_for(visitor: Visitor, name: str) -> None:
    view: View = VIEWS[name]
    address = reverse(f"admin:{name}", args=view.args()) + view.query
    for who in EVERYBODY:
        check(visitor(who), who, view.seen, address, posted=view.posted, status=view.status)
        if view.posted and who == "admin":
            assert visitor(who).get(address).status_code == 405


# --- Whose tickets: what somebody's scope hides is not there, on any page and for any button -----------

TICKETS = [name for name, view in VIEWS.items() if view.args is a_ticket]
SCOPES = {"global": {"mine", "ours", "elsewhere"}, "group": {"mine", "ours"}, "restricted": {"mine"}}


def tickets_around(agent: User) -> dict[str, Any]:
    known: Any = UserFactory(company=CompanyFactory())
    return {
        "mine": TicketFactory(subject="Tickle mine", customer=known, assignee=agent),
        "ours": TicketFactory(subject="Tickle ours", customer=known, group=GroupMemberFactory(user=agent).group),
        "elsewhere": TicketFactory(subject="Tickle elsewhere", customer=known, group=AgentGroupFactory()),
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_no_address_of_a_ticket_opens_to_an_agent_who_may_not_see_it(scope: str) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    browser = Client()
    browser.force_login(agent)
    tickets = tickets_around(agent)
    for name in sorted(TICKETS, key="ticket_delete".__eq__):  # deleting comes last
        for place, ticket in tickets.items():
            address = reverse(f"admin:{name}", args=[ticket.ticket_number])
            answer = browser.generic("POST" if VIEWS[name].posted else "GET", address)
            assert (answer.status_code != 404) is (place in SCOPES[scope]), f"{name} of a ticket that is {place}"
    kept = Ticket.objects.values_list("subject", flat=True)
    assert {subject.removeprefix("Tickle ") for subject in kept} == set(tickets) - SCOPES[scope]


@pytest.mark.parametrize("scope", ["group", "restricted"])
def test_no_page_tells_an_agent_of_a_ticket_they_may_not_see(scope: str) -> None:
    agent = UserFactory(agent=True, ticket_scope=scope)
    browser = Client()
    browser.force_login(agent)
    tickets = tickets_around(agent)
    known = tickets["mine"].customer
    rows = {"people_contact": known, "companies_company": known.company}
    addresses = [
        f"{reverse('admin:queue')}?{query}" for query in ("view=all", "q=tickle", "q=elsewhere", "view=groups")
    ]
    addresses += [reverse("admin:ticket", args=[tickets["mine"].ticket_number]), reverse("admin:search") + "?s=tickle"]
    for name, (label, who, arg, posted) in PAGES.items():
        if who is Who.STAFF and not posted:
            row = rows.get(label) or (MODELS[label].row() if arg else None)
            addresses.append(reverse(f"admin:{name}", args=[row.pk] if arg else []))
    addresses += [
        reverse(f"admin:{name}", args=view.args()) + view.query
        for name, view in VIEWS.items()
        if view.seen is Who.STAFF and not view.posted and view.args is not a_ticket
    ]
    found: set[str] = set()
    for address in addresses:
        answer = browser.get(address)
        page = b"".join(answer) if answer.streaming else answer.content
        told = set(re.findall(r"Tickle (\w+)", page.decode(errors="replace")))
        assert told <= SCOPES[scope], address
        found |= told
    assert found == SCOPES[scope]


def test_every_address_with_the_number_of_a_ticket_is_tried() -> None:
    numbered = {name for name in names() if takes_number(name)}
    assert numbered == set(TICKETS)


def takes_number(name: str) -> bool:
    try:
        reverse(f"admin:{name}", kwargs={"number": 1})
    except NoReverseMatch:
        return False
    return True


def test_no_page_is_forgotten() -> None:
    known = set(PAGES) | set(VIEWS) | HISTORIES | CLOSED | DOORS | OWNED
    assert sorted(set(names()) - known) == [], "Say in tests/admin_matrix.py who may open these."


def test_django_s_own_log_and_app_pages_are_closed(admin: User) -> None:
    browser = Client()
    browser.force_login(admin)
    label, model = next(iter(MODELS.items()))
    for address in (reverse(f"admin:{label}_history", args=[model.row().pk]), "/admin/accounts/", "/admin/r/1/1/"):
        assert browser.get(address).status_code == 404


def test_agents_are_told_only_of_pages_that_open_to_them(agent: User) -> None:
    browser = Client()
    browser.force_login(agent)
    sidebar = browser.get("/admin/").context["sidebar_navigation"]
    assert [section["title"] for section in sidebar][:1] == ["Workspace"]
    for section in sidebar:
        for item in section["items"]:
            assert browser.get(item["link"]).status_code == 200


def test_every_page_of_a_model_says_who_it_is_for() -> None:
    """Django's own answer, permissions in the database, is nobody's here."""
    assert [str(model) for model, pages in admin.site._registry.items() if not isinstance(pages, Pages)] == []
