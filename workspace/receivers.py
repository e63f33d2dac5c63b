"""What the pages of agents do when something happens elsewhere."""

from typing import Any
from urllib.parse import unquote_plus

from .models import SavedView


def forget_person(sender: Any, words: list[str], **kwargs: Any) -> None:
    """Views that look for somebody by name or address go with them."""
    sought = [word.casefold() for word in words]
    found = [
        key
        for key, name, query in SavedView.objects.values_list("pk", "name", "query")
        if any(word in f"{name} {unquote_plus(query)}".casefold() for word in sought)
    ]
    SavedView.objects.filter(pk__in=found).delete()
