"""Account mails. They leave after commit, to the stored address, and never turn a success into a failure."""

from django.conf import settings
from django.template.loader import render_to_string

from outbox.services import queue_mail

from . import tokens
from .models import User


def send_confirmation(user: User) -> None:
    """Asks to confirm the address, and offers the way out to whoever did not sign up."""
    links = {
        "confirm_url": link("confirm", tokens.write(user, tokens.CONFIRM)),
        "disown_url": link("not-me", tokens.write(user, tokens.DISOWN)),
    }
    queue(user.email, "confirm", "Please confirm your email address", links)


def send_password_reset(user: User | None) -> None:
    """A link to set a new password. For nobody the same is done, to no address: waiting tells nobody who exists."""
    links = {"reset_url": link("reset", tokens.write(user or User(), tokens.RESET))}
    queue([user.email] if user else [], "reset", "Set a new password", links)


def link(page: str, token: str) -> str:
    return f"{settings.BASE_URL}/portal/{page}/{token}"


def queue(to: str | list[str], template: str, subject: str, context: dict[str, str]) -> None:
    """Send after the running transaction, if it commits."""
    words = {"subject": subject, **context}
    text, html = (render_to_string(f"accounts/mail/{template}.{kind}", words) for kind in ("txt", "html"))
    queue_mail(to=to, subject=subject, text=text, html=html)
