"""The pages of the knowledge base, for everybody who works here."""

from . import articles, places

__all__ = ["articles", "places"]
