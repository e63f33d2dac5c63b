"""`include=`: related resources inside the rows that refer to them, with one query each however many rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import F, QuerySet

from helpdesk.errors import Invalid

from .reads import AnyOf, Statement, compiled
from .serializers import Column, Resource, columns_of
from .sqltext import UuidText

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Include:
    """What `include=name` adds to each row.

    `by` is the attribute of the row that refers to the resource; `path` is the column of the resource that the
    reference is found in. With `many` the answer is an array in the given order, otherwise an object or null.
    """

    name: str
    serializer: type[Resource]
    by: str
    path: str
    many: bool = False
    order: tuple[str, ...] = ()
    narrow: Callable[[QuerySet], QuerySet] | None = None
    # The resource whose read scope it takes, where that is another one than the row's.
    scope: str | None = None

    def attach(self, rows: Rows, *, with_people: bool) -> None:
        hide = None if with_people else self.serializer.without_people
        wanted = {row[self.by] for row in rows} - {None}
        found: dict[str, Any] = {}
        for resource in self.statement().fetch({"wanted": list(wanted)}) if wanted else []:
            key = resource.pop(" key")
            if hide:
                hide([resource])
            if self.many:
                found.setdefault(key, []).append(resource)
            else:
                found[key] = resource
        for row in rows:
            row[self.name] = found.get(row[self.by], [] if self.many else None)

    def statement(self) -> Statement:
        return compiled.get(("include", self), self.compile)

    def compile(self) -> Statement:
        model: type[models.Model] = self.serializer.Meta.model
        rows = model._default_manager.filter(AnyOf(self.path, "wanted", models.UUIDField()))
        if self.narrow:
            rows = self.narrow(rows)
        columns = (*columns_of(self.serializer), Column(" key", UuidText(F(self.path)), None))
        return Statement(rows.order_by(*self.order), columns)


def chosen(includes: Iterable[Include], asked: str | None) -> list[Include]:
    """The includes a request names; an unknown name raises Invalid."""
    if not asked:
        return []
    known = {include.name: include for include in includes}
    names = [name.strip() for name in asked.split(",") if name.strip()]
    if unknown := [name for name in names if name not in known]:
        raise Invalid(f"include cannot be {unknown[0]!r:.80}; it takes: {', '.join(known) or 'nothing'}.")
    return [known[name] for name in dict.fromkeys(names)]


def attach_all(includes: Iterable[Include], rows: Rows, *, with_people: bool) -> None:
    """`with_people`: whether the caller may read people."""
    for include in includes:
        include.attach(rows, with_people=with_people)
