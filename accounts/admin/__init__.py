"""The admin pages of people and what belongs to them."""

from . import keys

__all__ = ["keys"]
