"""The kit of the admin pages: who may open them, forms whose changes go through verbs, buttons that post."""

from .look import ago, badge, shown
from .ordering import OrderedPages
from .pages import Pages, ReadOnlyPages
from .posting import posted
from .roles import Who
from .verbs import VerbForm, VerbPages

__all__ = ["OrderedPages", "Pages", "ReadOnlyPages", "VerbForm", "VerbPages", "Who", "ago", "badge", "posted", "shown"]
