"""How an article comes to be published: draft → pending_approval → approved → published.

Whoever may write submits, withdraws and publishes what is approved; only admins approve, and an admin may take
several steps at once. What is approved can be changed by admins only, or approval would mean nothing.
"""

from datetime import datetime
from typing import Any

from accounts.models import User
from helpdesk.errors import Conflict, Forbidden, Invalid

from .models import APPROVED_STATUSES, Article, Folder, Status, Visibility

# From where to where anybody who may write can take an article.
STEPS: dict[str, tuple[str, ...]] = {
    Status.DRAFT: (Status.PENDING_APPROVAL,),
    Status.PENDING_APPROVAL: (Status.DRAFT,),
    Status.APPROVED: (Status.PUBLISHED, Status.DRAFT),
    Status.PUBLISHED: (Status.DRAFT,),
}
# What takes an admin besides: approving, and what includes it.
ADMIN_STEPS: dict[str, tuple[str, ...]] = {
    Status.DRAFT: APPROVED_STATUSES,
    Status.PENDING_APPROVAL: APPROVED_STATUSES,
    Status.APPROVED: (),
    Status.PUBLISHED: (Status.APPROVED,),
}


def wanted_status(current: str, values: dict[str, Any]) -> str:
    """The status that `status` and `is_published` ask for; raises Invalid when they contradict each other."""
    published, status = values.get("is_published"), values.get("status")
    if status is not None and status not in Status.values:
        raise Invalid(status=f"Must be one of: {', '.join(Status.values)}.")
    if published is not None and status is not None and published != (status == Status.PUBLISHED):
        raise Invalid(is_published="Contradicts the status.")
    if status is not None:
        return status
    if published is None or published == (current == Status.PUBLISHED):
        return current
    return Status.PUBLISHED if published else Status.DRAFT


def move(article: Article, status: str, *, actor: User | None, now: datetime) -> None:
    """Take an article to a status, on behalf of the actor; raises Conflict or Forbidden."""
    if status == article.status:
        return
    current = article.status
    if status not in STEPS[current]:
        if status not in ADMIN_STEPS[current]:
            raise Conflict(f"An article that is {words(current)} cannot become {words(status)}.")
        if not is_admin(actor):
            raise Forbidden("Only admins can approve articles.")
    article.status = status
    if status not in APPROVED_STATUSES:
        article.approver, article.approved_at = None, None
    elif current not in APPROVED_STATUSES:
        article.approver, article.approved_at = actor, now


def require_right_to_edit(article: Article, *, actor: User | None) -> None:
    if article.status in APPROVED_STATUSES and not is_admin(actor):
        raise Forbidden("Only admins can change an article that is approved; set its status to draft first.")


def require_right_to_open(folder: Folder, visibility: str, *, actor: User | None) -> None:
    """Who reads what is approved is part of what was approved."""
    readers = (Visibility.AGENTS, Visibility.LOGGED_IN, Visibility.ALL)
    if readers.index(Visibility(visibility)) <= readers.index(Visibility(folder.visibility)) or is_admin(actor):
        return
    if folder.articles.filter(status__in=APPROVED_STATUSES).exists():
        raise Forbidden("Only admins can open a folder with approved articles to more people.")


def is_admin(actor: User | None) -> bool:
    return actor is None or actor.is_admin


def words(status: str) -> str:
    return status.replace("_", " ")
