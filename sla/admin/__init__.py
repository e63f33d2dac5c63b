"""Settings > SLA policies and Business hours."""

from . import hours, policies

__all__ = ["hours", "policies"]
