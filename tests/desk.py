"""What tests of the pages of agents have in common."""

from typing import Any

from django.test import Client

from accounts.models import User
from tickets.models import Ticket


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def at(ticket: Ticket, page: str = "") -> str:
    return f"/admin/tickets/{ticket.ticket_number}/{page}"


def words_of(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]
