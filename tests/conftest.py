"""People and callers that most tests need, and the tools to set them against each other."""

import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections, transaction
from django.template import Context, Template
from django.test import Client, TransactionTestCase

from accounts.models import ApiKey, User
from tests.client import ApiClient
from tests.emptying import empty
from tests.factories import ApiKeyFactory, UserFactory

# A twentieth of a run would go into looking for cycles among objects that live until its end.
gc.set_threshold(100_000, 50, 100)

pytest_plugins = ["tests.browser", "tests.migrated", "tests.portal_house", "tests.v1_ids"]


@pytest.fixture
def admin(db: None) -> User:
    return UserFactory(admin=True, username="ada", name="Ada Admin")


@pytest.fixture
def agent(db: None) -> User:
    return UserFactory(agent=True, username="gus", name="Gus Agent")


@pytest.fixture
def customer(db: None) -> User:
    """A contact who never signed up in the portal."""
    return UserFactory(username="cleo", name="Cleo Customer")


@pytest.fixture
def mia(db: None) -> User:
    """A customer who has signed up in the portal and proven her mailbox."""
    return UserFactory(username="mia", name="Mia Member", signed_up=True)


@pytest.fixture
def browser(mia: User) -> Client:
    """Opens pages of the portal, signed in as mia."""
    client = Client()
    client.force_login(mia)
    return client


@pytest.fixture
def api_key(admin: User) -> ApiKey:
    """A key of the admin with all scopes; `api_key.secret` is what a caller sends."""
    return ApiKeyFactory(owner=admin)


@pytest.fixture
def api(api_key: ApiKey) -> ApiClient:
    """Calls the API with the admin's key."""
    return ApiClient(api_key.secret)


@pytest.fixture
def api_with() -> Callable[..., ApiClient]:
    """`api_with("tickets:read", owner=agent)`: calls the API with a key of just these scopes."""

    def client(*scopes: str, owner: User | None = None) -> ApiClient:
        given = {"owner": owner} if owner else {}
        return ApiClient(ApiKeyFactory(scopes=list(scopes), **given).secret)

    return client


@pytest.fixture(scope="module")
def rows_of_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """For fixtures of scope "module": the rows they write are there for each test of it, and go after the last.

    Each test undoes what it does to them in the database, and only there: what a fixture hands out, a test that changes
    it has to copy. All tests of such a module are marked with `django_db`; none commits (`transaction=True`), and none
    opens the browser, whose loop has another connection.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def own_files(settings: Any, tmp_path: Path) -> None:
    """What a test uploads lies in a folder of its own."""
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def anonymous() -> ApiClient:
    return ApiClient()


@pytest.fixture(autouse=True, scope="session")
def _quick_emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems() -> None:
    """Hypothesis draws the same examples whichever modules are loaded.

    When all tests are collected, it would read all of our code for constants, and try thousands of them against each
    kind of text it draws.
    """
    if providers := sys.modules.get("hypothesis.internal.conjecture.providers"):
        providers._get_local_constants = lambda: providers._local_constants


@pytest.fixture(autouse=True, scope="session")
def _only_whole_pages_are_recorded(django_test_environment: None) -> Iterator[None]:
    """`response.context` and `response.templates` tell of pages, not of what these extend and include.

    Django's test client would copy all that a page was given for each of its hundred includes too.
    """
    render_and_record: Any = Template._render

    def render(template: Template, context: Context) -> str:
        is_whole = context.template is template
        return render_and_record(template, context) if is_whole else template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", render)
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    yield
    cache.clear()


Attempt = Callable[[int], Any]


@pytest.fixture
def at_once() -> Callable[[int, Attempt], list[Any]]:
    """`at_once(16, attempt)`: calls `attempt(0)` … `attempt(15)` in threads that start together; their results.

    The test needs `@pytest.mark.django_db(transaction=True)`, or the threads see nothing of its rows.
    """

    def run(count: int, attempt: Attempt) -> list[Any]:
        start = Barrier(count)

        def one(number: int) -> Any:
            start.wait(timeout=30)
            try:
                return attempt(number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
