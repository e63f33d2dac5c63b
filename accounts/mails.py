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
    words = {"user": user, "base_url": settings.BASE_URL, "subject": subject, **context}
    message = EmailMultiAlternatives(subject, render_to_string(f"accounts/mail/{template}.txt", words), to=[user.email])
    message.attach_alternative(render_to_string(f"accounts/mail/{template}.html", words), "text/html")
    transaction.on_commit(partial(hand_over, message))


def hand_over(message: EmailMultiAlternatives) -> None:
    """To a thread of its own: nobody waits for a mail server, and nobody can tell by waiting who gets mail."""
    if settings.MAIL_IN_BACKGROUND:
        postman.submit(deliver, message)
    else:
        deliver(message)


def deliver(message: EmailMultiAlternatives) -> None:
    try:
        message.send()
    except OSError:  # smtplib's errors are OSErrors as well
        logger.exception("An account mail could not be sent")
