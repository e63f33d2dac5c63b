"""What reports are made of: sums over tickets that are alike, whoever counted them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from .figures import hours
from .models import Flow

Key = date | UUID | str | None


@dataclass
class Sums:
    """How many tickets; how long they waited; how many were answered, had a deadline, and made it."""

    tickets: int = 0
    seconds: int = 0
    answered: int = 0
    promised: int = 0
    kept: int = 0

    def add(self, other: "Sums", sign: int = 1) -> None:
        self.tickets += sign * other.tickets
        self.seconds += sign * other.seconds
        self.answered += sign * other.answered
        self.promised += sign * other.promised
        self.kept += sign * other.kept

    @property
    def wait(self) -> float | None:
        """Hours until the first response."""
        return hours(self.seconds, self.answered)

    @property
    def time(self) -> float | None:
        """Hours until resolution."""
        return hours(self.seconds, self.tickets)


class Flows:
    """Tickets filed and resolved: by days, and by what tells them apart."""

    def __init__(self) -> None:
        self.found: defaultdict[Flow, defaultdict[Key, Sums]] = defaultdict(lambda: defaultdict(Sums))

    def add(self, flow: Flow, key: Key, sums: Sums, sign: int = 1) -> None:
        self.found[flow][key].add(sums, sign)

    def by(self, flow: Flow) -> dict[Any, Sums]:
        """What there is of each kind."""
        return {key: sums for key, sums in self.found[flow].items() if sums.tickets > 0}


def together(all_sums: Iterable[Sums]) -> Sums:
    found = Sums()
    for sums in all_sums:
        found.add(sums)
    return found
