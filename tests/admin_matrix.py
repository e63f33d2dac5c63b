"""Every page under /admin/ and whom it opens to: tests/test_admin_matrix.py walks it, and fails for pages not listed.

A new page gets a row here: `MODELS` for the pages of a model, `VIEWS` for everything else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from audit.models import Entry, Kind
from automation.services import create_rule
from helpdesk.admin_pages import Who
from helpdesk.ids import new_id
from outbox.models import OutgoingMail, State
from sla.services import create_hours, create_policy
from tests.factories import (
    AgentGroupFactory,
    ApiKeyFactory,
    ArticleFactory,
    CannedResponseFactory,
    CategoryFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    TicketFactory,
    TicketTemplateFactory,
    UserFactory,
)
from worker.running import RUN

ADMINS, STAFF, NOBODY = Who.ADMINS, Who.STAFF, Who.NOBODY


FOR_STAFF: dict[str, Any] = dict.fromkeys(("seen", "added", "changed", "removed"), STAFF)
MOVES = ("move_up", "move_down")


@dataclass(frozen=True)
class Model:
    """Who sees the list and a row, who adds, changes and removes; `posts` are the row's buttons, for `pressed`."""

    row: Callable[[], Any]
    seen: Who = ADMINS
    added: Who = ADMINS
    changed: Who = ADMINS
    removed: Who = ADMINS
    posts: tuple[str, ...] = ()
    pressed: Who | None = None
    # What the address of the list needs.
    listed: str = ""
    # Further pages of a row, by the end of their name.
    views: dict[str, Who] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """A page of its own, by its name; `args` makes what stands in its address."""

    seen: Who
    args: Callable[[], list[Any]] = list
    posted: bool = False
    # Where a page that opens leads elsewhere, or answers that there is nothing.
    status: int = 200
    query: str = ""


def read_only(row: Callable[[], Any], seen: Who = ADMINS, **more: Any) -> Model:
    return Model(row, seen, NOBODY, NOBODY, NOBODY, **more)


def task(of: type[Failure | Success], *, success: bool) -> Any:
    now = timezone.now()
    name = "sla.jobs.catch_up"
    return of.objects.create(id="t1", name=name, func=RUN, success=success, result="", started=now, stopped=now)


def a_ticket() -> list[Any]:
    return [TicketFactory().ticket_number]


MODELS: dict[str, Model] = {
    "people_contact": Model(
        UserFactory,
        seen=STAFF,
        added=STAFF,
        changed=STAFF,
        removed=NOBODY,
        posts=("deactivate", "reactivate"),
        pressed=STAFF,
        views={"merge": STAFF, "erase": ADMINS},
    ),
    "companies_company": Model(CompanyFactory, seen=STAFF, added=STAFF, changed=STAFF, removed=STAFF),
    "people_agent": Model(
        lambda: UserFactory(agent=True), removed=NOBODY, posts=("reset_two_factor", "mail_link"), pressed=ADMINS
    ),
    "accounts_agentgroup": Model(AgentGroupFactory),
    "accounts_apikey": Model(ApiKeyFactory, changed=NOBODY, removed=NOBODY, posts=("revoke",), pressed=ADMINS),
    "automation_automationrule": Model(
        lambda: create_rule(
            actor=None, name="R", rule_type="ticket_creation", actions=[{"type": "set_priority", "value": "urgent"}]
        ),
        posts=("switch_off", "switch_on", *MOVES),
        views={"runs": ADMINS},
    ),
    "custom_fields_customfield": Model(CustomFieldFactory, listed="?entity_type__exact=ticket", posts=MOVES),
    "tickets_cannedresponse": Model(CannedResponseFactory),
    "tickets_tickettemplate": Model(TicketTemplateFactory),
    "sla_slapolicy": Model(
        lambda: create_policy(actor=None, name="P", priority="low", first_response_time=1, resolution_time=2)
    ),
    "sla_businesshours": Model(
        lambda: create_hours(actor=None, name="H", schedule=[{"day": 1, "startTime": "09:00", "endTime": "17:00"}])
    ),
    "knowledge_base_category": Model(CategoryFactory, **FOR_STAFF, posts=MOVES),
    "knowledge_base_folder": Model(FolderFactory, **FOR_STAFF, posts=MOVES),
    "knowledge_base_article": Model(
        ArticleFactory,
        **FOR_STAFF,
        posts=("submit", "withdraw", "approve", "publish", "unpublish"),
        views={"versions": STAFF, "feedback": STAFF},
    ),
    "django_q_failure": read_only(lambda: task(Failure, success=False), posts=("run_this_again",), pressed=ADMINS),
    "django_q_success": read_only(lambda: task(Success, success=True)),
    "django_q_schedule": read_only(lambda: Schedule.objects.create(name="sla.jobs.catch_up", func=RUN, minutes=1)),
    "django_q_ormq": read_only(lambda: OrmQ.objects.create(key="helpdesk", payload="")),
    "audit_entry": read_only(lambda: Entry.objects.create(kind=Kind.API_KEY, action="created", subject_id=new_id())),
    "outbox_outgoingmail": read_only(
        lambda: OutgoingMail.objects.create(to=["cleo@example.com"], subject="Hello", text="", state=State.FAILED),
        posts=("send_this_again",),
        pressed=ADMINS,
    ),
}

VIEWS: dict[str, View] = {
    "transfers_import_changelist": View(STAFF),
    "transfers_import_add": View(NOBODY),
    "transfers_import_delete": View(NOBODY, args=lambda: [new_id()]),
    "people_import_upload": View(STAFF, args=lambda: ["contacts"]),
    "people_import_template": View(STAFF, args=lambda: ["companies"]),
    "people_export": View(STAFF, args=lambda: ["companies"]),
    "automation_automationrule_order": View(ADMINS, posted=True),
    "automation_automationrule_rows": View(ADMINS, posted=True),
    "automation_automationrule_try": View(ADMINS, posted=True),
    "automation_automationrule_find": View(ADMINS, query="?of=agent"),
    "custom_fields_customfield_order": View(ADMINS, posted=True),
    "sla_slapolicy_try": View(ADMINS, posted=True),
    "knowledge_base_category_order": View(STAFF, posted=True),
    "knowledge_base_folder_order": View(STAFF, posted=True),
    "knowledge_base_article_preview": View(STAFF, posted=True),
    "knowledge_base_article_restore": View(STAFF, args=lambda: [ArticleFactory().pk, new_id()], posted=True),
    "index": View(STAFF),
    "search": View(STAFF, query="?s=keys"),
    "jsi18n": View(STAFF),
    "account": View(STAFF),
    "account_password": View(STAFF),
    "account_sessions": View(STAFF),
    "end_session": View(STAFF, posted=True),
    "end_other_sessions": View(STAFF, posted=True),
    "account_two_factor": View(STAFF),
    "two_factor_begin": View(STAFF, posted=True),
    "two_factor_confirm": View(STAFF, posted=True),
    "two_factor_disable": View(STAFF, posted=True),
    "two_factor_codes": View(STAFF, posted=True),
    "figures": View(STAFF),
    "preferences": View(STAFF, posted=True),
    "queue": View(STAFF, query="?view=all"),
    "queue_counts": View(STAFF),
    "new_ticket": View(STAFF),
    "queue_bulk": View(STAFF, posted=True),
    "find": View(STAFF, query="?of=customer&q=a"),
    "save_view": View(STAFF, posted=True),
    "change_view": View(STAFF, args=lambda: [new_id()], posted=True, status=404),
    "delete_view": View(STAFF, args=lambda: [new_id()], posted=True, status=404),
    "ticket": View(STAFF, args=a_ticket),
    "ticket_rules": View(STAFF, args=a_ticket),
    "ticket_mails": View(STAFF, args=a_ticket),
    "ticket_canned": View(STAFF, args=a_ticket),
    "ticket_reply": View(STAFF, args=a_ticket, posted=True, status=422),
    "ticket_draft": View(STAFF, args=a_ticket, posted=True),
    "ticket_presence": View(STAFF, args=a_ticket, posted=True),
    "ticket_change": View(STAFF, args=a_ticket, posted=True),
    "ticket_act": View(STAFF, args=a_ticket, posted=True),
    "ticket_delete": View(STAFF, args=a_ticket, posted=True, status=404),
}

# What Django brings along and nobody gets: "/admin/password_change/", its own log, its pages for whole apps.
CLOSED = {"transfers_import_history", "password_change", "password_change_done", "app_list", "view_on_site"}
# For everybody, or for whoever is signed in; tested with the sign-in.
DOORS = {"login", "logout", "autocomplete", "sign_in_code", "sign_in_set_up", "choose_password"}
# For whoever began the import, and for admins; tested in tests/test_import_pages.py.
OWNED = {"transfers_import_change", "people_import_errors", "people_import_run", "people_import_discard"}
