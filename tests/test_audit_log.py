"""The audit log: every change of settings, through any door, with who, when, and what it was before."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.keys import issue_api_key
from accounts.models import ApiKey, User
from accounts.services import update_user
from audit.actors import names_of_actors
from audit.models import Action, Entry, Kind
from audit.services import ERASED, MAX_TEXT, forget_person, record
from automation.models import AutomationRule
from automation.services import create_rule
from helpdesk.errors import Invalid
from knowledge_base.models import Category
from sla.models import BusinessHours, Holiday, SlaPolicy
from sla.services import create_policy
from tests.client import ApiClient
from tests.desk import signed_in
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    ArticleFactory,
    CannedResponseFactory,
    CategoryFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    GroupMemberFactory,
    TicketFactory,
    TicketTemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NIGHT = {"name": "Night", "schedule": [{"day": 1, "startTime": "00:00", "endTime": "06:00"}]}
RULE = {"name": "Ours", "ruleType": "ticket_creation", "actions": [{"type": "add_tag", "value": "vip"}]}
POLICY = {"name": "Fast", "priority": "high", "firstResponseTime": 5, "resolutionTime": 9}
FIELD = {"entityType": "contact", "name": "size", "label": "Size", "fieldType": "text"}
PERSON = {"username": "mary", "email": "mary@example.com", "name": "Mary", "role": "agent"}

Row = Callable[[], Any]


def hours() -> BusinessHours:
    return BusinessHours.objects.create(name="Office", schedule=NIGHT["schedule"])


ROWS: dict[str, Row] = {
    "rule": lambda: AutomationRule.objects.create(
        name="Old", rule_type="ticket_creation", trigger="ticket_created", actions=RULE["actions"]
    ),
    "field": CustomFieldFactory,
    "policy": lambda: SlaPolicy.objects.create(name="Old", priority="low", first_response_time=1, resolution_time=2),
    "hours": hours,
    "holiday": lambda: Holiday.objects.create(business_hours=hours(), name="New Year", date="2027-01-01"),
    "group": AgentGroupFactory,
    "member": GroupMemberFactory,
    "agent": lambda: UserFactory(agent=True, name="Gus"),
    "customer": lambda: UserFactory(name="Cleo"),
    "company": lambda: CompanyFactory(industry="Rockets", custom_fields={"a": 1, "b": 2}),
    "article": lambda: ArticleFactory(content="Press it", author=None),
    "ticket": TicketFactory,
    "key": ApiKeyFactory,
    "canned": CannedResponseFactory,
    "template": TicketTemplateFactory,
    "category": CategoryFactory,
    "folder": FolderFactory,
}

# Method, path, the row in its braces, body; what is recorded: of what kind, which action, and the changes of note.
DOORS: list[tuple[str, str, str | None, Any, str, str, dict[str, list[Any]]]] = [
    ("post", "automation-rules", None, RULE, Kind.AUTOMATION_RULE, "created", {"name": [None, "Ours"]}),
    ("patch", "automation-rules/{}", "rule", {"name": "New"},
     Kind.AUTOMATION_RULE, "changed", {"name": ["Old", "New"]}),
    ("delete", "automation-rules/{}", "rule", None, Kind.AUTOMATION_RULE, "deleted", {"name": ["Old", None]}),
    ("post", "custom-fields", None, FIELD, Kind.CUSTOM_FIELD, "created", {"label": [None, "Size"]}),
    ("patch", "custom-fields/{}", "field", {"isRequired": True},
     Kind.CUSTOM_FIELD, "changed", {"is_required": [False, True]}),
    ("delete", "custom-fields/{}", "field", None, Kind.CUSTOM_FIELD, "deleted", {"field_type": ["text", None]}),
    ("post", "sla-policies", None, POLICY, Kind.SLA_POLICY, "created", {"resolution_time": [None, 9]}),
    ("patch", "sla-policies/{}", "policy", {"resolutionTime": 30},
     Kind.SLA_POLICY, "changed", {"resolution_time": [2, 30]}),
    ("delete", "sla-policies/{}", "policy", None, Kind.SLA_POLICY, "deleted", {"priority": ["low", None]}),
    ("post", "business-hours", None, NIGHT, Kind.BUSINESS_HOURS, "created", {"name": [None, "Night"]}),
    ("patch", "business-hours/{}", "hours", {"timezone": "Asia/Tokyo"},
     Kind.BUSINESS_HOURS, "changed", {"timezone": ["UTC", "Asia/Tokyo"]}),
    ("delete", "business-hours/{}", "hours", None, Kind.BUSINESS_HOURS, "deleted", {"name": ["Office", None]}),
    ("post", "business-hours/{}/holidays", "hours", {"name": "May Day", "date": "2027-05-01"},
     Kind.HOLIDAY, "created", {"date": [None, "2027-05-01"], "business_hours": [None, "Office"]}),
    ("delete", "holidays/{}", "holiday", None, Kind.HOLIDAY, "deleted", {"name": ["New Year", None]}),
    ("post", "agent-groups", None, {"name": "Billing"}, Kind.AGENT_GROUP, "created", {"name": [None, "Billing"]}),
    ("patch", "agent-groups/{}", "group", {"autoAssign": True},
     Kind.AGENT_GROUP, "changed", {"auto_assign": [False, True]}),
    ("delete", "agent-groups/{}", "group", None, Kind.AGENT_GROUP, "deleted", {"auto_assign": [False, None]}),
    ("post", "users", None, PERSON,
     Kind.PERSON, "created", {"role": [None, "agent"], "email": [None, "mary@example.com"]}),
    ("patch", "users/{}", "agent", {"ticketScope": "group"},
     Kind.PERSON, "changed", {"ticket_scope": ["global", "group"]}),
    ("patch", "users/{}", "agent", {"isActive": False}, Kind.PERSON, "changed", {"is_active": [True, False]}),
    ("patch", "users/{}", "customer", {"isActive": False}, Kind.PERSON, "changed", {"is_active": [True, False]}),
    ("patch", "users/{}", "customer", {"role": "agent"}, Kind.PERSON, "changed", {"role": ["customer", "agent"]}),
    ("patch", "users/{}", "agent", {"password": "secret-words"}, Kind.PERSON, "password_set", {}),
    ("patch", "users/{}", "customer", {"phone": "1", "email": "c@example.com", "customFields": {"a": 2}},
     Kind.PERSON, "changed", {"phone": [None, "1"], "custom_fields": [{}, {"a": 2}]}),
    ("post", "companies", None, {"name": "Acme", "domains": ["acme.com"]},
     Kind.COMPANY, "created", {"name": [None, "Acme"], "domains": [None, ["acme.com"]]}),
    ("patch", "companies/{}", "company", {"notes": "Pays late", "customFields": {"a": None, "c": 3}},
     Kind.COMPANY, "changed", {"notes": [None, "Pays late"], "custom_fields": [{"a": 1}, {"c": 3}]}),
    ("delete", "companies/{}", "company", None, Kind.COMPANY, "deleted", {"industry": ["Rockets", None]}),
    ("post", "api-keys", None, {"name": "Shop", "scopes": ["kb:read"]},
     Kind.API_KEY, "created", {"scopes": [None, ["kb:read"]], "owner": [None, "Ada Admin"]}),
    ("delete", "api-keys/{}", "key", None, Kind.API_KEY, "revoked", {}),
    ("post", "canned-responses", None, {"title": "Hi", "content": "Hello"},
     Kind.CANNED_RESPONSE, "created", {"content": [None, "Hello"]}),
    ("patch", "canned-responses/{}", "canned", {"content": "Bye"}, Kind.CANNED_RESPONSE, "changed", {}),
    ("delete", "canned-responses/{}", "canned", None, Kind.CANNED_RESPONSE, "deleted", {}),
    ("post", "ticket-templates", None, {"name": "Return"}, Kind.TICKET_TEMPLATE, "created", {"name": [None, "Return"]}),
    ("patch", "ticket-templates/{}", "template", {"priority": "low"},
     Kind.TICKET_TEMPLATE, "changed", {"priority": ["medium", "low"]}),
    ("delete", "ticket-templates/{}", "template", None, Kind.TICKET_TEMPLATE, "deleted", {}),
    ("post", "kb/categories", None, {"name": "Start"}, Kind.CATEGORY, "created", {"name": [None, "Start"]}),
    ("patch", "kb/categories/{}", "category", {"order": 3}, Kind.CATEGORY, "changed", {"order": [0, 3]}),
    ("delete", "kb/categories/{}", "category", None, Kind.CATEGORY, "deleted", {}),
    ("patch", "kb/folders/{}", "folder", {"visibility": "agents"},
     Kind.FOLDER, "changed", {"visibility": ["all", "agents"]}),
    ("delete", "kb/folders/{}", "folder", None, Kind.FOLDER, "deleted", {}),
    ("delete", "kb/articles/{}", "article", None,
     Kind.ARTICLE, "deleted", {"content": ["Press it", None], "status": ["draft", None]}),
    ("delete", "tickets/{}", "ticket", None, Kind.TICKET, "deleted", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "row", "body", "kind", "action", "changes"), DOORS, ids=[f"{d[0]} {d[1]} {d[3]}" for d in DOORS]
)
def test_a_change_of_settings_is_recorded(
    api: ApiClient,
    admin: User,
    method: str,
    path: str,
    row: str | None,
    body: Any,
    kind: str,
    action: str,
    changes: Any,
) -> None:
    target = ROWS[row]() if row else None
    response = getattr(api, method)(f"/api/{path.format(target and target.pk)}", **({"data": body} if body else {}))
    assert response.status_code in (200, 201, 204), response.content
    entry = Entry.objects.get()
    assert (entry.kind, entry.action, entry.actor_id, entry.actor_name) == (kind, action, admin.pk, "Ada Admin")
    assert {name: entry.changes[name] for name in changes} == changes
    assert entry.subject_id == (target.pk if target and kind != Kind.HOLIDAY else entry.subject_id)
    assert entry.subject_name


def test_members_of_groups_are_recorded_by_name(api: ApiClient, agent: User) -> None:
    group = AgentGroupFactory(name="Billing")
    api.post(f"/api/agent-groups/{group.pk}/members", {"userId": str(agent.pk)})
    api.delete(f"/api/agent-groups/{group.pk}/members/{agent.pk}")
    came, went = Entry.objects.order_by("id")
    assert (came.kind, came.subject_name, came.action) == (Kind.GROUP_MEMBER, "Gus Agent in Billing", "created")
    assert came.changes["user"] == [None, "Gus Agent"]
    assert went.changes["group"] == ["Billing", None]


def test_pages_record_as_the_api_does(admin: User) -> None:
    browser, company, article = signed_in(admin), CompanyFactory(name="Old"), ArticleFactory(title="Gone")
    form = {"name": "New", "health_score": "happy", "account_tier": "free"}
    browser.post(reverse("admin:companies_company_change", args=[company.pk]), form)
    browser.post(reverse("admin:companies_company_delete", args=[company.pk]), {"post": "yes"})
    browser.post(reverse("admin:knowledge_base_article_delete", args=[article.pk]), {"post": "yes"})
    told = Entry.objects.order_by("id").values_list("actor_name", "action", "kind", "subject_name")
    assert list(told) == [
        ("Ada Admin", "changed", Kind.COMPANY, "New"),
        ("Ada Admin", "deleted", Kind.COMPANY, "New"),
        ("Ada Admin", "deleted", Kind.ARTICLE, "Gone"),
    ]


def test_an_import_records_what_it_changes_once_for_each_row(api: ApiClient) -> None:
    """New contacts are daily work, as they are when agents write them down."""
    acme, ann = CompanyFactory(name="Acme"), UserFactory(name="Ann", email="ann@example.com")
    same = {"name": "Bo", "email": "bo@example.com"}
    UserFactory(**same)
    rows = [{"name": "Anna", "email": ann.email}, {"name": "Anna", "email": ann.email, "company_id": str(acme.pk)}]
    api.post("/api/contacts/import", {"data": [*rows, same, {"name": "Cy", "email": "cy@example.com"}]})
    entry = Entry.objects.get()
    assert (entry.kind, entry.subject_id, entry.actor_name) == (Kind.PERSON, ann.pk, "Ada Admin")
    assert entry.changes == {"name": ["Ann", "Anna"], "company": [None, "Acme"]}
    entry.delete()
    api.post("/api/companies/import", {"data": [{"name": "Acme", "industry": "Rockets"}, {"name": "Best"}]})
    told = [(entry.subject_name, entry.action) for entry in Entry.objects.order_by("subject_name")]
    assert told == [("Acme", "changed"), ("Best", "created")]
    assert Entry.objects.get(subject_name="Acme").changes == {"industry": [None, "Rockets"]}


UNRECORDED: list[tuple[str, str, Any]] = [
    ("customer", "users/{}", {"name": "Cleo", "phone": None}),
    ("company", "companies/{}", {"industry": "Rockets"}),
    ("agent", "users/{}", {"isAway": True}),
    ("agent", "users/{}", {"name": "Gus"}),
    ("rule", "automation-rules/{}", {"name": "Old"}),
    ("policy", "sla-policies/{}", {"resolutionTime": 2}),
    ("category", "kb/categories/{}", {"order": 0}),
]


@pytest.mark.parametrize(("row", "path", "body"), UNRECORDED)
def test_what_changes_no_setting_is_not_recorded(api: ApiClient, row: str, path: str, body: Any) -> None:
    assert api.patch(f"/api/{path.format(ROWS[row]().pk)}", body).status_code == 200
    assert not Entry.objects.exists()


def rule_named(name: str) -> AutomationRule:
    actions = [{"type": "add_tag", "value": "vip"}]
    return create_rule(actor=None, name=name, rule_type="ticket_creation", actions=actions)


ORDERED: dict[str, Callable[[str], Any]] = {
    "custom_fields_customfield": lambda name: CustomFieldFactory(name=name),
    "automation_automationrule": rule_named,
    "knowledge_base_category": lambda name: CategoryFactory(name=name),
    "knowledge_base_folder": lambda name: FolderFactory(
        name=name, category=Category.objects.first() or CategoryFactory(name="Shop")
    ),
}


@pytest.mark.parametrize(("page", "new"), ORDERED.items(), ids=list(ORDERED))
def test_moving_a_row_is_one_entry_however_many_numbers_change(page: str, new: Any, admin: User) -> None:
    browser, rows = signed_in(admin), {name: new(name) for name in "abcd"}
    Entry.objects.all().delete()
    browser.post(reverse(f"admin:{page}_move_up", args=[rows["c"].pk]))
    entry = Entry.objects.get()
    assert (entry.actor_name, entry.subject_id) == (admin.name, rows["c"].pk)
    assert [[name.lower() for name in names] for names in entry.changes["order"]] == [list("bc"), list("cb")]
    browser.post(reverse(f"admin:{page}_order"), {"key": [str(rows[name].pk) for name in "cbda"]})
    last = Entry.objects.order_by("id").last()
    assert last
    assert last.subject_id == rows["a"].pk
    # Of rows that a search shows, each keeps to the places that these rows have.
    browser.post(reverse(f"admin:{page}_order"), {"key": [str(rows[name].pk) for name in "ac"]})
    model = type(rows["a"])
    assert list(model.objects.values_list("pk", flat=True)) == [rows[name].pk for name in "abdc"]


def test_no_secret_is_ever_recorded(api: ApiClient) -> None:
    secret = api.post("/api/api-keys", {"name": "Shop", "scopes": ["kb:read"]}).json()["key"]
    person = api.post("/api/users", {**PERSON, "password": "secret-words"}).json()["id"]
    api.patch(f"/api/users/{person}", {"password": "other-secret"})
    text = " ".join(f"{entry.subject_name} {entry.changes}" for entry in Entry.objects.all())
    hashes = [*User.objects.values_list("password", flat=True), *ApiKey.objects.values_list("key_hash", flat=True)]
    for hidden in (secret, "secret-words", "other-secret", "argon2", *hashes):
        assert hidden not in text


def test_what_is_done_at_the_terminal_is_the_systems(admin: User) -> None:
    call_command("create_api_key", name="Cron", stdout=StringIO())
    entry = Entry.objects.get()
    assert (entry.kind, entry.actor_id, entry.actor_name) == (Kind.API_KEY, None, "")


def test_nothing_is_recorded_of_what_fails(admin: User) -> None:
    with pytest.raises(Invalid), transaction.atomic():
        create_policy(actor=admin, name="P", priority="low", first_response_time=0, resolution_time=1)
    with transaction.atomic():
        issue_api_key(owner=admin, actor=admin, name="K")
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_a_very_long_text_is_cut(api: ApiClient) -> None:
    api.post("/api/canned-responses", {"title": "Long", "content": "x" * 10 * MAX_TEXT})
    assert len(Entry.objects.get().changes["content"][1]) == MAX_TEXT + 1


def test_an_erased_person_is_taken_out_of_the_log_and_the_entries_stay(admin: User, agent: User) -> None:
    update_user(agent, actor=admin, name="Gustav Gone")
    AgentGroupFactory()
    issue_api_key(owner=agent, actor=agent, name="Mine")
    issue_api_key(owner=admin, actor=admin, name="Hers")
    forget_person(agent.pk, ["Gustav Gone", "Gus Agent", agent.email])
    assert list(Entry.objects.order_by("id").values_list("actor_name", "action", "subject_name")) == [
        ("Ada Admin", Action.CHANGED, ERASED),
        (ERASED, Action.CREATED, ERASED),
        ("Ada Admin", Action.CREATED, ApiKey.objects.get(name="Hers").__str__()),
    ]
    assert "Gus" not in str(list(Entry.objects.values()))


def test_admins_read_in_the_log_what_was_and_what_is(admin: User, api: ApiClient) -> None:
    policy = ROWS["policy"]()
    api.patch(f"/api/sla-policies/{policy.pk}", {"resolutionTime": 30, "name": "<b>New</b>"})
    api.post("/api/agent-groups", {"name": "Billing"})
    browser = Client()
    browser.force_login(admin)
    log = reverse("admin:audit_entry_changelist")
    page = browser.get(log).content.decode()
    assert "Ada Admin" in page
    assert "Name, Resolution time" in page
    assert "<b>New" not in page
    entry = Entry.objects.get(kind=Kind.SLA_POLICY)
    page = browser.get(reverse("admin:audit_entry_change", args=[entry.pk])).content.decode()
    for shown in ("Resolution time", "2", "30", "&lt;b&gt;New&lt;/b&gt;"):
        assert shown in page
    for query, found in FILTERS.items():
        listed = browser.get(log + query.format(admin=admin.pk)).context["cl"].result_list
        assert [row.subject_name for row in listed] == found, query


def test_whoever_has_acted_is_offered_once_by_their_last_name(admin: User, agent: User) -> None:
    group = ROWS["group"]()
    record(group, Action.CHANGED, actor=None)
    assert names_of_actors() == []
    for name, actor in (("Ada Maid", admin), ("Gus", agent), ("Ada Wed", admin)):
        actor.name = name
        record(group, Action.CHANGED, actor=actor)
    assert sorted(names_of_actors(), key=str) == sorted([(admin.pk, "Ada Wed"), (agent.pk, "Gus")], key=str)


FILTERS = {
    "?": ["Billing", "<b>New</b>"],
    "?kind__exact=sla.slapolicy": ["<b>New</b>"],
    "?action__exact=created": ["Billing"],
    "?who={admin}": ["Billing", "<b>New</b>"],
    "?who=system": [],
    "?who=nonsense": ["Billing", "<b>New</b>"],
    "?days=7": ["Billing", "<b>New</b>"],
    "?q=billing": ["Billing"],
}
