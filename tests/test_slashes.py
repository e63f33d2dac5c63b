"""Who types an address with a slash too many or too few comes to the page."""

import pytest
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/help", "/help/"),
        ("/requests", "/requests/"),
        ("/requests/new/?subject=a%20b", "/requests/new?subject=a%20b"),
        ("/requests/12/", "/requests/12"),
        ("/help/articles/größen/", "/help/articles/gr%C3%B6%C3%9Fen"),
        ("/portal/sign-in/", "/portal/sign-in"),
        ("/admin/tickets", "/admin/tickets/"),
    ],
)
def test_a_slash_at_the_end_is_set_right(admin: User, typed: str, meant: str) -> None:
    client = Client()
    client.force_login(admin)
    answer = client.get(typed)
    assert (answer.status_code, answer["Location"]) == (301, meant)


@pytest.mark.parametrize(
    "path", ["/nothing", "/nothing/", "/admin/nothing", "/help/articles/nothing", "//example.com/"]
)
def test_what_is_nowhere_stays_so(admin: User, path: str) -> None:
    client = Client()
    client.force_login(admin)
    assert client.get("/", PATH_INFO=path).status_code == 404


def test_no_cache_keeps_where_it_led_below_admin(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    assert "no-store" in client.get("/admin/tickets").headers.get("Cache-Control", "")


def test_nothing_is_posted_elsewhere(client: Client) -> None:
    assert client.post("/portal/sign-in/").status_code == 404
