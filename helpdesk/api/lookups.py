"""Asking who is calling together with what they want to know.

Over a network a short query costs little more than its journey, and every read would make two: one for the API key,
one for the rows. Where a database server answers, the key rides along as one more column of the first statement of a
read. The answer is opened only after the key is settled, so a bad key learns nothing, as ever.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from .reads import Statement

MOST_ROWS = 100  # the key comes with every row: worth it only for short answers


class Lookup:
    """An open question about the caller; `settle` is told the row of the credential, or None, and may refuse."""

    def __init__(
        self, statement: Statement, values: dict[str, Any], settle: Callable[[dict[str, Any] | None], None]
    ) -> None:
        self.statement = statement
        self.values = values
        self.settle = settle
        self.pending = True

    def joined(self, sql: str, params: list[Any]) -> tuple[str, list[Any]]:
        """A SELECT with this question as its first column; it is asked once, however many rows there are."""
        columns = ", ".join(f"k.c{index}" for index in range(self.statement.width))
        question = f"(SELECT json_build_array({columns})::text FROM ({self.statement.sql}) k)"
        return f"SELECT {question}, {sql.removeprefix('SELECT ')}", [*self.statement.bind(self.values), *params]

    def open(self, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The rows without the column, once it is settled; without rows the question is asked by itself."""
        if not rows:
            self.ask()
            return []
        self.close(rows[0][0] and self.statement.shape(orjson.loads(rows[0][0])))
        return [row[1:] for row in rows]

    def ask(self) -> None:
        """Settle it now, in a query of its own."""
        if self.pending:
            self.close(self.statement.fetch_one(self.values))

    def close(self, found: dict[str, Any] | None) -> None:
        self.pending = False
        self.settle(found)
