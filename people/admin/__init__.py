"""The admin pages of contacts, companies, agents and agent groups, and of imports and exports."""

from . import agents, companies, contacts, groups, imports

__all__ = ["agents", "companies", "contacts", "groups", "imports"]
