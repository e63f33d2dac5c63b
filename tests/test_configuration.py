"""Configuration: every variable is documented, and production starts safely or not at all."""

import ast
import json
import os
import re
import subprocess
import sys
from http.client import HTTPConnection
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parent.parent

# A row of the table in docs/configuration.md: | `NAME` | default | meaning |
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+) \| (.+) \|$", re.MULTILINE)
SHOWN = [
    "DEBUG",
    "ALLOWED_HOSTS",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "CSRF_COOKIE_SECURE",
    "SECURE_SSL_REDIRECT",
    "SECURE_HSTS_SECONDS",
    "X_FRAME_OPTIONS",
    "USE_TZ",
    "TIME_ZONE",
    "PASSWORD_HASHERS",
]


def variables_read() -> set[str]:
    tree = ast.parse((ROOT / "helpdesk/settings.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def variables_documented() -> list[str]:
    return [name for name, _, _ in ROW.findall((ROOT / "docs/configuration.md").read_text())]


def environment(data: Path, variables: dict[str, str]) -> dict[str, str]:
    """What is set here, if only to nothing, beats a local .env."""
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    given = {"SECRET_KEY": "", "DEBUG": "false", "HELPDESK_HTTPS": "true", "HELPDESK_DATA_DIR": str(data)}
    return inherited | given | variables


def start(data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own."""
    program = (
        f"import json; from helpdesk import settings as s; print(json.dumps({{n: getattr(s, n) for n in {SHOWN}}}))"
    )
    given = environment(data, variables)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=given, capture_output=True, text=True, timeout=60
    )


def loaded(data: Path, **variables: str) -> dict[str, Any]:
    """What the settings are with these variables: the same, without waiting for a process."""
    spec = find_spec("helpdesk.settings")
    assert spec
    assert spec.loader
    settings = module_from_spec(spec)
    with patch.dict(os.environ, environment(data, variables), clear=True):
        spec.loader.exec_module(settings)
    return vars(settings)


def test_every_variable_is_documented_once_and_no_other() -> None:
    documented = variables_documented()
    assert sorted(documented) == sorted(variables_read())


def test_no_other_file_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for app in ROOT.glob("*/__init__.py")
        if app.parent.name not in ("tests", "benchmarks")
        for path in app.parent.rglob("*.py")
        if re.search(r"os\.(environ\b(?!\.setdefault\(.DJANGO_SETTINGS_MODULE)|getenv)", path.read_text())
    ]
    assert readers == []


def test_production_without_a_secret_key_is_refused_with_a_sentence(tmp_path: Path) -> None:
    refused = start(tmp_path)
    assert refused.returncode != 0
    assert "SECRET_KEY is not set. Put a long random string into the SECRET_KEY environment variable" in refused.stderr


def test_debugging_needs_no_secret_key(tmp_path: Path) -> None:
    assert loaded(tmp_path, DEBUG="true")["SECRET_KEY"]


def test_an_unknown_claim_policy_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="HELPDESK_CLAIM_POLICY must be one of"):
        loaded(tmp_path, SECRET_KEY="x", HELPDESK_CLAIM_POLICY="anybody")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HELPDESK_BRAND_COLOR", "blue"),
        ("HELPDESK_BRAND_COLOR", "#12345"),
        ("HELPDESK_BRAND_LOGO_URL", "//cdn.example/logo.svg"),
        ("HELPDESK_BRAND_LOGO_URL", "https://cdn.example/logo.svg; script-src *"),
        ("HELPDESK_BRAND_LINKS", "Evil=javascript:alert(1)"),
        ("HELPDESK_FROM_EMAIL", "Hilfe <müller@example.com>"),
        ("HELPDESK_FROM_EMAIL", "HelpDesk"),
    ],
)
def test_what_cannot_be_shown_or_sent_is_refused_with_a_sentence(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"{name} must"):
        loaded(tmp_path, SECRET_KEY="x", **{name: value})


def test_production_is_safe_unless_told_otherwise(tmp_path: Path) -> None:
    started = start(tmp_path, SECRET_KEY="x")
    assert started.returncode == 0, started.stderr
    assert json.loads(started.stdout) == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "X_FRAME_OPTIONS": "DENY",
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "PASSWORD_HASHERS": ["accounts.hashers.Argon2Hasher"],
    }


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HELPDESK_HTTPS": "false"}, {"SESSION_COOKIE_SECURE": False, "SECURE_HSTS_SECONDS": 0}),
        ({"HELPDESK_HTTPS": "false"}, {"CSRF_COOKIE_SECURE": False, "SECURE_SSL_REDIRECT": False}),
        ({"HELPDESK_HSTS_SECONDS": "60"}, {"SECURE_HSTS_SECONDS": 60}),
        (
            {"ALLOWED_HOSTS": "help.example.com,www.example.com"},
            {"ALLOWED_HOSTS": ["help.example.com", "www.example.com"]},
        ),
    ],
)
def test_a_variable_changes_what_it_says(
    tmp_path: Path, variables: dict[str, str], expected: dict[str, object]
) -> None:
    settings = loaded(tmp_path, SECRET_KEY="x", **variables)
    assert {name: settings[name] for name in expected} == expected


def test_requests_one_after_the_other_share_a_connection_to_the_database(live_server: Any, api_key: Any) -> None:
    """A new one costs SQLite as much as answering: it reads the whole schema. PostgreSQL starts a process."""
    opened: list[Any] = []
    connection_created.connect(opened_now := lambda **about: opened.append(about), weak=False)
    try:
        caller = HTTPConnection(urlsplit(live_server.url).netloc)
        for _ in range(3):
            caller.request("GET", "/api/tickets", headers={"Authorization": f"Bearer {api_key.secret}"})
            answer = caller.getresponse()
            assert (answer.status, answer.read() != b"") == (200, True)
        caller.close()
    finally:
        connection_created.disconnect(opened_now)
    assert len(opened) == 1
