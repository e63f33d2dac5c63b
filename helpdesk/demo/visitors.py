"""Two people of the demo whom a newcomer may be for an hour: an agent, and a customer."""

import secrets
from collections.abc import Iterator

from django.db.models import Count, F
from django.utils import timezone

from accounts.models import Role, TicketScope, User
from accounts.services import update_user
from tickets.models import WORK, Ticket


def let_in() -> Iterator[tuple[str, str, str]]:
    """Give them passwords: who each is, with address and password. Nobody else of the demo can sign in."""
    people = {
        # Who has the most to do of those who see all tickets.
        "Agent": busiest("assignee", role=Role.AGENT, ticket_scope=TicketScope.GLOBAL),
        # Who waits for most.
        "Customer": busiest("customer", role=Role.CUSTOMER),
    }
    for who, user in people.items():
        if user is not None:
            yield who, user.email, password_for(user)


def busiest(column: str, **kind: str) -> User | None:
    people = User.objects.filter(username__startswith="demo.", **kind)
    open_tickets = Ticket.objects.filter(WORK, **{f"{column}__in": people}).order_by().values(person=F(column))
    most = open_tickets.annotate(number=Count("pk")).order_by("-number", "person").first()
    return User.objects.get(pk=most["person"]) if most else None


def password_for(user: User) -> str:
    password = secrets.token_urlsafe(9)
    # As if they had opened the link: nobody can answer a mail to an address that ends in .example.
    User.objects.filter(pk=user.pk, email_verified_at=None).update(email_verified_at=timezone.now())
    update_user(user, actor=None, password=password)
    return password
