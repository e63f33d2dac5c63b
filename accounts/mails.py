"""Account mails. They leave after commit, to the stored address, and never turn a success into a failure.

They are in the language of their reader, where that is known, or in the one of the page that asked for them.
"""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

from outbox.services import queue_mail

from . import tokens
from .models import User


def send_confirmation(user: User) -> None:
    """Asks to confirm the address, and offers the way out to whoever did not sign up."""
    links = {
        "confirm_url": link("confirm", tokens.write(user, tokens.CONFIRM)),
        "disown_url": link("not-me", tokens.write(user, tokens.DISOWN)),
    }
    queue(user.email, "confirm", _("Please confirm your email address"), links, reader=user)


def send_password_reset(user: User | None) -> None:
    """A link to set a new password. For nobody the same is done, to no address: waiting tells nobody who exists."""
    links = {"reset_url": link("reset", tokens.write(user or User(), tokens.RESET))}
    queue([user.email] if user else [], "reset", _("Set a new password"), links, reader=user)


def send_email_change(user: User, email: str, *, reachable: bool) -> None:
    """Asks the new mailbox; what is not reachable gets the same mail, to no address."""
    links = {"change_url": link("new-email", tokens.write_change(user, email))}
    queue([email] if reachable else [], "new_email", _("Confirm your new email address"), links, reader=user)


def send_email_changed(user: User, before: str) -> None:
    """Tells the old mailbox."""
    queue(before, "email_changed", _("Your email address has been changed"), {"email": user.email}, reader=user)


def send_invitation(user: User) -> None:
    """A link with which somebody who works here chooses a password; in English, as the pages that it leads to."""
    context = {
        "name": user.name,
        "email": user.email,
        "desk": settings.BRAND_NAME,
        "url": f"{settings.BASE_URL}/admin/login/password/{tokens.write(user, tokens.INVITE)}/",
    }
    with override("en"):
        queue(user.email, "invitation", "Choose your password", context, reader=None)


def link(page: str, token: str) -> str:
    return f"{settings.BASE_URL}/portal/{page}/{token}"


def queue(to: str | list[str], template: str, subject: object, context: dict[str, str], *, reader: User | None) -> None:
    """Send after the running transaction, if it commits."""
    with override((reader and reader.language) or get_language()):
        words = {"subject": str(subject), **context}
        text, html = (render_to_string(f"accounts/mail/{template}.{kind}", words) for kind in ("txt", "html"))
    queue_mail(to=to, subject=words["subject"], text=text, html=html)
