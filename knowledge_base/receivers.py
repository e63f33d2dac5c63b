"""What the knowledge base does when people become one, or are erased."""

from typing import Any

from accounts.models import User

from .models import ArticleFeedback, SolvedQuestion
from .services import withdraw_feedback


def follow_merge(sender: Any, kept: User, merged: User, **kwargs: Any) -> None:
    """A person has one voice about an article: that of the kept contact."""
    heard = ArticleFeedback.objects.filter(user=kept).values("article")
    for feedback in ArticleFeedback.objects.filter(user=merged, article__in=heard).order_by("article"):
        withdraw_feedback(feedback)
    ArticleFeedback.objects.filter(user=merged).update(user=kept)
    SolvedQuestion.objects.filter(user=merged).update(user=kept)


def forget_person(sender: Any, user: User, blank_messages: bool, **kwargs: Any) -> None:
    if blank_messages:
        ArticleFeedback.objects.filter(user=user).update(comment=None)
        SolvedQuestion.objects.filter(user=user).update(question="")
