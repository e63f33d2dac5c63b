"""What automation does when somebody is erased."""

from typing import Any

from django.db.models import Q

from accounts.models import User

from .models import Evaluation


def forget_person(sender: Any, user: User, words: list[str], blank_messages: bool, **kwargs: Any) -> None:
    """Explanations that quote them go, all about their tickets with their messages; that a rule ran stays."""
    if blank_messages:
        Evaluation.objects.filter(ticket__customer=user).delete()
    quoted = Q()
    for word in words:
        quoted |= Q(results__icontains=word)
    Evaluation.objects.filter(quoted, ticket__customer=user).delete()
