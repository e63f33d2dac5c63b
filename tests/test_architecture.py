"""The floors of the house, checked: imports point downstairs, and every line is in its room."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A room imports from lower floors only. Rooms of one floor do not know each other, unless drawn below.
FLOORS: list[tuple[str, ...]] = [
    ("cellar",),  # the modules of CELLAR, below
    ("kit",),  # helpdesk.api, helpdesk.admin_pages
    ("outbox", "worker", "audit"),
    ("custom_fields",),
    ("companies",),
    ("accounts",),
    ("tickets", "knowledge_base"),
    ("sla", "automation", "email_channel", "webhooks", "csat", "reports", "transfers"),
    ("portal", "workspace", "people"),
    ("roof",),  # the rest of helpdesk: settings, urls, management, demo
]
DRAWN = {("reports", "csat")}  # (importer, imported) on one floor
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
CELLAR = (
    "helpdesk.bulk",
    "helpdesk.errors",
    "helpdesk.highlights",
    "helpdesk.ids",
    "helpdesk.indexing",
    "helpdesk.json_values",
    "helpdesk.keeping",
    "helpdesk.mentions",
    "helpdesk.periodic",
    "helpdesk.remembering",
    "helpdesk.tags",
    "helpdesk.transactions",
    "helpdesk.words",
)
DOORS = ("api", "admin")
PAGES = ("portal", "workspace", "people")  # apps that are doors as a whole
HTTP = ("rest_framework", "django.http")
# Files outside a door that are handed a request by Django's own contract.
SEES_REQUESTS = ("accounts/backends.py",)
MAX_LINES = 450


@dataclass(frozen=True)
class Import:
    name: str
    line: int
    hidden_in: str | None


@dataclass(frozen=True)
class File:
    path: str
    source: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def room(self) -> str | None:
        return room_of(self.module)

    @property
    def is_door(self) -> bool:
        return is_door(self.module)

    @property
    def is_command(self) -> bool:
        return "/management/" in self.path

    @cached_property
    def imports(self) -> list[Import]:
        package = self.module if self.path.endswith("/__init__.py") else self.module.rpartition(".")[0]
        return list(imports_in(ast.parse(self.source), package))


def imports_in(node: ast.AST, package: str, function: str | None = None) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, function) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            steps = package.split(".")
            start = ".".join(steps[: len(steps) + 1 - child.level]) if child.level else ""
            origin = ".".join(filter(None, [start, child.module]))
            yield from (Import(f"{origin}.{alias.name}", child.lineno, function) for alias in child.names)
        else:
            inside = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            yield from imports_in(child, package, inside)


def within(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def room_of(name: str) -> str | None:
    """The room of a module, or None for what is not ours."""
    if within(name, *CELLAR):
        return "cellar"
    if within(name, "helpdesk.api", "helpdesk.admin_pages"):
        return "kit"
    top = name.partition(".")[0]
    if top == "helpdesk":
        return "roof"
    return top if top in FLOOR_OF else None


def is_door(name: str) -> bool:
    parts = name.split(".")
    return parts[0] in PAGES or (parts[0] in FLOOR_OF and len(parts) > 1 and parts[1] in DOORS)


# --- The rules: each yields sentences about one file --------------------------------------------------


def imports_point_downstairs(file: File) -> Iterator[str]:
    for found in file.imports:
        mine, theirs = file.room, room_of(found.name)
        if mine is None or theirs is None or mine == theirs or (mine, theirs) in DRAWN:
            continue
        if FLOOR_OF[theirs] >= FLOOR_OF[mine]:
            yield (
                f"{file.path}:{found.line} imports {found.name}: {mine} must not know {theirs}, which is not below it. "
                "Move the line downstairs, or let the lower room send a signal."
            )


def the_domain_knows_no_http(file: File) -> Iterator[str]:
    if file.is_door or file.is_command or file.room in ("kit", "roof") or file.path in SEES_REQUESTS:
        return
    for found in file.imports:
        if within(found.name, *HTTP):
            yield (
                f"{file.path}:{found.line} imports {found.name}: only doors (api/, admin.py, portal/) speak HTTP. "
                "Raise an exception of helpdesk.errors, or take plain values."
            )


def borrowed_by(file: File) -> tuple[str, ...]:
    """What a door may have from the doors of lower floors: pages narrow lists as the API does."""
    if file.module.split(".")[1:2] == ["api"]:
        return ("api.serializers", "api.filters")
    return ("api.filters",) if file.room == "workspace" else ()


def doors_lead_inside(file: File) -> Iterator[str]:
    """A door opens on its own rooms; from doors of lower floors it borrows serializers and filters."""
    if file.room == "roof":
        return
    own = file.module.partition(".")[0]
    for found in file.imports:
        theirs = found.name.partition(".")[0]
        if not is_door(found.name) or (theirs == own and file.is_door):
            continue
        if theirs == own:
            yield f"{file.path}:{found.line} imports {found.name}: what is behind a door does not know the door."
        elif not within(found.name, *(f"{theirs}.{lent}" for lent in borrowed_by(file))):
            yield (
                f"{file.path}:{found.line} imports {found.name}, the door of another app. "
                "Call the verbs behind it; only serializers and filters are shared among api/ folders."
            )


def imports_stand_on_top(file: File) -> Iterator[str]:
    for found in file.imports:
        if (
            found.hidden_in is None
            or file.is_command
            or (file.path.endswith("/apps.py") and found.hidden_in == "ready")
        ):
            continue
        yield (
            f"{file.path}:{found.line} hides the import of {found.name} inside {found.hidden_in}(). "
            "A circle means a misplaced line: move it, and import on top."
        )


def files_stay_small(file: File) -> Iterator[str]:
    lines = file.source.count("\n")
    if lines > MAX_LINES:
        yield f"{file.path} has {lines} lines, more than {MAX_LINES}: give its second purpose a file of its own."


def locks_stand_in_one_table(file: File) -> Iterator[str]:
    if "pg_advisory" in file.source and file.path != "helpdesk/transactions.py":
        yield f"{file.path} takes a lock by a number of its own: give it a name in Lock of helpdesk/transactions.py."


RULES = [
    imports_point_downstairs,
    the_domain_knows_no_http,
    doors_lead_inside,
    imports_stand_on_top,
    files_stay_small,
    locks_stand_in_one_table,
]
Rule = Callable[[File], Iterator[str]]


def our_files() -> list[File]:
    apps = sorted(path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "benchmarks"))
    paths = [path for app in apps for path in sorted(app.rglob("*.py")) if "migrations" not in path.parts]
    return [File(path.relative_to(ROOT).as_posix(), path.read_text()) for path in paths]


@pytest.fixture(scope="module")
def house() -> list[File]:
    return our_files()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_stands(rule: Rule, house: list[File]) -> None:
    complaints = [sentence for file in house for sentence in rule(file)]
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_app_has_a_floor(house: list[File]) -> None:
    homeless = {file.path.partition("/")[0] for file in house if file.room is None}
    assert not homeless, f"Give {', '.join(sorted(homeless))} a floor in FLOORS of {__name__}."


PLANTED: list[tuple[Rule, str, str, str]] = [
    (
        imports_point_downstairs,
        "accounts/services.py",
        "from tickets.models import Ticket",
        "accounts must not know tickets",
    ),
    (imports_point_downstairs, "companies/models.py", "import accounts.models", "companies must not know accounts"),
    (imports_point_downstairs, "audit/services.py", "from accounts.models import User", "must not know accounts"),
    (imports_point_downstairs, "custom_fields/a.py", "from companies import models", "must not know companies"),
    (imports_point_downstairs, "tickets/rules.py", "from sla import clock", "tickets must not know sla"),
    (imports_point_downstairs, "tickets/rules.py", "import knowledge_base", "tickets must not know knowledge_base"),
    (imports_point_downstairs, "sla/services.py", "from automation.models import Rule", "sla must not know automation"),
    (
        imports_point_downstairs,
        "helpdesk/api/views.py",
        "from accounts.models import User",
        "kit must not know accounts",
    ),
    (imports_point_downstairs, "helpdesk/errors.py", "from helpdesk.api import text", "cellar must not know kit"),
    (imports_point_downstairs, "helpdesk/errors.py", "from .api import text", "cellar must not know kit"),
    (imports_point_downstairs, "tickets/api/views.py", "from helpdesk import settings", "tickets must not know roof"),
    (the_domain_knows_no_http, "tickets/services.py", "from rest_framework import status", "only doors"),
    (the_domain_knows_no_http, "tickets/models.py", "from django.http import Http404", "only doors"),
    (the_domain_knows_no_http, "tickets/querysets.py", "import rest_framework.fields", "only doors"),
    (doors_lead_inside, "tickets/api/views.py", "from accounts.api.views import UserViewSet", "door of another app"),
    (doors_lead_inside, "tickets/admin.py", "from accounts.admin import UserAdmin", "door of another app"),
    (doors_lead_inside, "tickets/admin.py", "from accounts.api import serializers", "door of another app"),
    (doors_lead_inside, "portal/views.py", "from tickets.api.serializers import T", "door of another app"),
    (doors_lead_inside, "workspace/queues.py", "from tickets.api.serializers import T", "door of another app"),
    (doors_lead_inside, "workspace/home.py", "from portal.urls import urlpatterns", "door of another app"),
    (doors_lead_inside, "tickets/services.py", "from .api.serializers import T", "does not know the door"),
    (doors_lead_inside, "tickets/services.py", "from accounts.api.serializers import U", "door of another app"),
    (imports_stand_on_top, "tickets/services.py", "def f():\n    if 1:\n        import json", "inside f()"),
    (imports_stand_on_top, "tickets/apps.py", "def other():\n    from . import signals", "inside other()"),
    (files_stay_small, "tickets/services.py", "\n" * 451, "more than 450"),
    (locks_stand_in_one_table, "sla/services.py", "SELECT pg_advisory_xact_lock(1)", "a name in Lock"),
]


@pytest.mark.parametrize(("rule", "path", "source", "sentence"), PLANTED)
def test_a_planted_fault_is_found(rule: Rule, path: str, source: str, sentence: str) -> None:
    assert any(sentence in complaint for complaint in rule(File(path, source)))


ALLOWED: list[tuple[str, str]] = [
    ("tickets/services.py", "from accounts.models import User\nfrom helpdesk.errors import Invalid"),
    ("tickets/services.py", "from .models import Ticket\nfrom . import rules"),
    ("tickets/api/views.py", "from django.http import HttpResponse\nfrom tickets.services import create_ticket"),
    ("tickets/api/includes.py", "from accounts.api.serializers import UserSerializer"),
    ("tickets/api/views.py", "from .serializers import TicketSerializer"),
    ("workspace/queues.py", "from django.http import QueryDict\nfrom tickets.api.filters import TICKET_FILTERS"),
    ("tickets/apps.py", "def ready(self):\n    from . import receivers"),
    ("tickets/management/commands/x.py", "def handle(self):\n    from tickets.services import create_ticket"),
    ("sla/receivers.py", "from tickets.signals import ticket_saved"),
    ("portal/views.py", "from django.http import HttpRequest\nfrom tickets.services import create_ticket"),
    ("helpdesk/urls.py", "from tickets.api import urls\nfrom portal.views import home"),
    ("tickets/services.py", "\n" * 450),
]


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_an_honest_line_is_left_alone(path: str, source: str) -> None:
    assert [sentence for rule in RULES for sentence in rule(File(path, source))] == []
