"""Primary keys: time-ordered UUIDs, so that new rows land side by side in every index."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new UUID version 7 (RFC 9562), increasing within one process."""
    return uuid7()
