"""What the kit needs to know of whoever calls, however they proved it."""

from typing import Any, Protocol


class Claim(Protocol):
    """The right to answer a request that carries an Idempotency-Key."""

    def finish(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep the answer, in the transaction of its effects; raises Conflict when the claim was taken over."""

    def release(self) -> None:
        """Give the claim back: the request left nothing behind."""


class Stored(Protocol):
    """An answer given before."""

    status: int
    headers: dict[str, str]
    body: bytes


class Replays(Protocol):
    def begin(self, target: str, key: str, body: bytes) -> Claim | Stored:
        """Claim the key for this request, or find the answer it was given; raises Conflict or KeyReused."""


class Credential(Protocol):
    """An API key or a staff session."""

    user: Any
    scopes: frozenset[str]
    limited: bool  # whether the user's own ticketScope applies (sessions), or not (keys)
    replays: Replays
