"""Account mails. They leave after commit, to the stored address, and never turn a success into a failure."""

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from . import tokens
from .models import User

logger = logging.getLogger(__name__)
postman = ThreadPoolExecutor(max_workers=1, thread_name_prefix="account-mail")


def send_confirmation(user: User) -> None:
    """Asks to confirm the address, and offers the way out to whoever did not sign up."""
    links = {
        "confirm_url": link("confirm", tokens.write(user, tokens.CONFIRM)),
        "disown_url": link("not-me", tokens.write(user, tokens.DISOWN)),
    }
    queue(user, "confirm", "Please confirm your email address", links)


def send_password_reset(user: User) -> None:
    queue(user, "reset", "Set a new password", {"reset_url": link("reset", tokens.write(user, tokens.RESET))})


def link(page: str, token: str) -> str:
    return f"{settings.BASE_URL}/portal/{page}/{token}"


def queue(user: User, template: str, subject: str, context: dict[str, str]) -> None:
    """Send after the running transaction, if it commits."""
    transaction.on_commit(partial(hand_over, user.email, template, {"subject": subject, **context}), robust=True)


def hand_over(address: str, template: str, words: dict[str, str]) -> None:
    """To a thread of its own: nobody waits for a mail to be written and sent, or can tell by waiting who gets one."""
    if settings.MAIL_IN_BACKGROUND:
        postman.submit(deliver, address, template, words)
    else:
        deliver(address, template, words)


def deliver(address: str, template: str, words: dict[str, str]) -> None:
    """Write and send a mail. What it is about is committed, so that nothing here may fail the request any more."""
    try:
        text, html = (render_to_string(f"accounts/mail/{template}.{kind}", words) for kind in ("txt", "html"))
        message = EmailMultiAlternatives(words["subject"], text, to=[address])
        message.attach_alternative(html, "text/html")
        message.send()
    except Exception:  # mail backends raise whatever they like, and a thread would swallow it
        logger.exception("An account mail could not be sent")
