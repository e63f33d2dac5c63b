"""The house that tests of the portal look into from all sides: the fixtures `house` and `client_of`."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts.models import User
from csat.links import token_for
from csat.models import Survey
from knowledge_base.models import Article, Folder
from tests.factories import (
    PASSWORD,
    ArticleFactory,
    CompanyFactory,
    CustomFieldFactory,
    FolderFactory,
    ReplyFactory,
    TicketFactory,
    UserFactory,
)
from tickets import leaving
from tickets.attachments import attach_file
from tickets.models import Attachment, Ticket, TicketCopy


@dataclass
class House:
    """A ticket with everything customers must not see beside what they may, and everybody around it."""

    ticket: Ticket
    people: dict[str, User | None]
    names: dict[str, Any]


@pytest.fixture
def house(db: None) -> House:
    return build()


@pytest.fixture
def client_of(house: House) -> Callable[[str], Client]:
    """`client_of("owner")`: opens pages as one of the people of the house."""

    def signed_in(role: str) -> Client:
        client, user = Client(), house.people[role]
        if user is not None:
            if role == "claimer":
                User.objects.filter(pk=user.pk).update(email_verified_at=None, claimed_at=timezone.now())
                user.refresh_from_db()
            client.force_login(user)
        return client

    return signed_in


def build() -> House:
    sharing, cold = CompanyFactory(shares_tickets=True, name="Globex"), CompanyFactory(name="Initech")
    owner = UserFactory(username="olga", name="Olga Owner", signed_up=True, company=sharing)
    staff = UserFactory(agent=True, username="stan")
    other = TicketFactory(subject="Somebody else's")
    size = CustomFieldFactory(name="size", label="Size", customer_can_view=True, customer_can_edit=True)
    CustomFieldFactory(name="cause", label="Root cause")
    ticket = TicketFactory(
        customer=owner,
        subject="The invoice is missing",
        status="resolved",
        resolved_at=timezone.now(),
        custom_fields={size.name: "M", "cause": "hidden-cause"},
    )
    answer = ReplyFactory(ticket=ticket, user=staff, content="public-answer")
    internal = ReplyFactory(ticket=ticket, user=staff, content="internal-answer", is_internal=True)
    files = {
        "own_file": file_of(ticket, owner, "own.txt"),
        "answer_file": file_of(ticket, staff, "answer.txt", answer),
        "internal_file": file_of(ticket, staff, "internal.txt", internal),
        "staff_file": file_of(ticket, staff, "staff.txt"),
        "foreign_file": file_of(other, other.customer, "foreign.txt"),
    }
    copied = UserFactory(username="cora", signed_up=True)
    unproven = UserFactory(username="udo", plain_password=PASSWORD, claimed_at=timezone.now())
    copies = [copy_to(ticket, person.email) for person in (copied, unproven)]
    people = {
        "guest": None,
        "stranger": UserFactory(username="stella", signed_up=True),
        "owner": owner,
        "claimer": owner,  # before the mailbox was proven: see `client_of`
        "colleague": UserFactory(username="carl", signed_up=True, company=sharing),
        "cold_colleague": UserFactory(username="nora", signed_up=True, company=cold),
        "copied": copied,
        "copied_unproven": unproven,
        "staff": staff,
    }
    folders = {kind: FolderFactory(visibility=kind) for kind in ("all", "logged_in", "agents")}
    articles = {kind: article_in(folder, kind) for kind, folder in folders.items()}
    draft = article_in(folders["all"], "draft", status="draft", approved_at=None)
    articles["all"].slugs.create(slug="former")
    survey = Survey.objects.create(ticket=ticket, customer=owner, resolved_at=ticket.resolved_at)
    names: dict[str, Any] = {
        "category": folders["all"].category_id,
        "open_folder": folders["all"].pk,
        "customers_folder": folders["logged_in"].pk,
        "staff_folder": folders["agents"].pk,
        "open_article": articles["all"].slug,
        "customers_article": articles["logged_in"].slug,
        "staff_article": articles["agents"].slug,
        "draft": draft.slug,
        "old_slug": "former",
        "number": ticket.ticket_number,
        "no_number": 999_999_999,
        "copy": copies[0].pk,
        "leave": leaving.token_for(copies[0].pk),
        "survey": token_for(survey.pk),
        "nonsense": signing.dumps("x", salt="nobody's"),
        **{name: file.pk for name, file in files.items()},
    }
    return House(ticket, people, names)


def file_of(ticket: Ticket, user: User, name: str, reply: Any = None) -> Attachment:
    reply_id = reply.pk if reply else None
    return attach_file(ticket, actor=user, filename=name, content=BytesIO(b"x"), size=1, reply_id=reply_id)


def copy_to(ticket: Ticket, email: str) -> TicketCopy:
    return TicketCopy.objects.create(ticket=ticket, email=email, email_key=email.lower())


def article_in(folder: Folder, word: str, **values: Any) -> Article:
    values = {"status": "published", **values}
    title = f"About {word} things"
    return ArticleFactory(folder=folder, category=folder.category, title=title, content=f"secret-{word}", **values)
