"""Settings > Automation rules."""

from . import rules

__all__ = ["rules"]
