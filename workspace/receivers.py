"""What the pages of agents do when something happens elsewhere."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from django.http import QueryDict

from accounts.emails import matching_key
from accounts.models import User
from audit.models import Entry, Kind
from audit.services import ERASED
from helpdesk.mentions import mentions, pattern_of

from .models import SavedView

NARROWING_NOTHING = {"view", "sort"}


def forget_person(sender: Any, user: User, addresses: list[str], words: list[str], **kwargs: Any) -> None:
    """Views do not name somebody any more: what else they filter by they keep, and without it they go."""
    named = pattern_of(words)
    names_them: dict[str, Callable[[str], bool]] = {  # the parameters of a queue that can
        "q": lambda text: bool(named.search(text)),
        "customer": lambda text: matching_key(text) in addresses or bool(named.search(text)),
        "customerId": lambda text: text.lower() == str(user.pk),
    }
    for view in SavedView.objects.order_by("pk").iterator():
        query = QueryDict(view.query, mutable=True)
        for name, is_them in names_them.items():
            if name in query:
                without(query, name, is_them)
        is_about, is_named = query != QueryDict(view.query), bool(named.search(view.name))
        if is_about and not set(query) - NARROWING_NOTHING:
            SavedView.objects.filter(pk=view.pk).delete()
        elif is_about or is_named:
            name = free_name(view, named.sub(ERASED, view.name)) if is_named else view.name
            SavedView.objects.filter(pk=view.pk).update(name=name, query=query.urlencode())
    forget_in_audit_log(named)


def forget_in_audit_log(named: re.Pattern[str]) -> None:
    """What was recorded of views that all may use: their names, and their filters as an address has them."""
    recorded = Entry.objects.filter(kind=Kind.SHARED_VIEW).values_list("pk", "subject_name", "changes")
    keys = [
        key
        for key, name, changes in recorded.iterator()
        if mentions([name, *(unquote_plus(str(text)) for pair in changes.values() for text in pair)], named)
    ]
    Entry.objects.filter(pk__in=keys).update(subject_name=ERASED, changes={})


def without(query: QueryDict, name: str, is_them: Callable[[str], bool]) -> None:
    """What is typed to search is one text, the others are lists with commas."""
    kept = []
    for value in query.getlist(name):
        parts = [value] if name == "q" else value.split(",")
        others = [part for part in parts if not is_them(part.strip())]
        if others:
            kept.append(",".join(others))
    if kept:
        query.setlist(name, kept)
    else:
        del query[name]


def free_name(view: SavedView, name: str) -> str:
    """A name that its owner has given to no other view."""
    taken = set(SavedView.objects.filter(owner=view.owner_id).exclude(pk=view.pk).values_list("name", flat=True))
    number, found = 1, name[:60]
    while found in taken:
        number += 1
        found = f"{name[:54]} {number}"
    return found
