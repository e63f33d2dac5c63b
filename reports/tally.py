"""The verbs of the tally: keeping it, folding it, counting afresh."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from django.db import OperationalError, connection, models, transaction
from django.db.models import Max, Min, QuerySet, Sum

from helpdesk.transactions import in_one_transaction
from tickets.models import Ticket

from . import triggers
from .flow_sql import COLUMNS, FIGURES
from .models import FlowChange, FlowTally, LateTally, StandingTally

TALLIES = (StandingTally, LateTally, FlowChange, FlowTally)
BATCH = 2_000
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
ADD = (
    f"INSERT INTO reports_flowtally ({COLUMNS}) {{}} ON CONFLICT (flow, since, name) DO UPDATE SET "
    f"{', '.join(f'{figure} = reports_flowtally.{figure} + excluded.{figure}' for figure in FIGURES)}"
)
ROOM = 20_000  # changes: a report adds them up in some hundredths of a second
PATIENCE = 1.0  # seconds
# Clocks of servers differ: what falls due about now keeps its moment.
SETTLED = timedelta(hours=1)


def keep() -> None:
    """See that the triggers stand and the tally is true; after migrations, and after a database was emptied."""
    tables = set(connection.introspection.table_names())
    if not {model._meta.db_table for model in (Ticket, *TALLIES)} <= tables:
        return
    if not triggers.stand():
        rebuild()
    elif not Ticket.objects.exists():
        # SQLite is emptied row by row, and the triggers count that in whichever order the tables come.
        empty()


@in_one_transaction
def rebuild() -> None:
    """Set up the triggers and count all tickets afresh. Writers wait, readers do not."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # In this order, as writers take them; against folding too, whose new rows we would not see.
            cursor.execute("LOCK TABLE tickets_ticket IN SHARE ROW EXCLUSIVE MODE")
            cursor.execute(f"LOCK TABLE {', '.join(model._meta.db_table for model in TALLIES)} IN EXCLUSIVE MODE")
    triggers.create()
    empty()
    triggers.count_afresh()


def empty() -> None:
    for model in TALLIES:
        model._default_manager.all().delete()


@contextmanager
def counted_at_the_end() -> Iterator[None]:
    """Where every row is counted on its own, write very many tickets without counting, and count them afterwards."""
    if connection.vendor == "postgresql":
        yield  # counts a whole statement at once
        return
    triggers.drop()
    yield
    rebuild()


def fold(*, now: datetime) -> None:
    """Replace rows by their sums."""
    while fold_standing() or fold_late(before=now - SETTLED) or fold_flows():
        pass


def fold_before_a_report() -> None:
    """Fold what no worker has lately: every report adds up all changes that wait, so they must not pile up.

    Each gives it a second at most. Where nothing can be written now it adds up what there is.
    """
    begin = monotonic()
    with suppress(OperationalError):
        while is_piled_up() and monotonic() - begin < PATIENCE and fold_flows():
            pass


def is_piled_up() -> bool:
    ends = FlowChange.objects.aggregate(first=Min("pk"), last=Max("pk"))
    return ends["first"] is not None and ends["last"] - ends["first"] >= ROOM


@transaction.atomic
def fold_standing() -> int:
    """One batch; returns how many rows fewer there are."""
    keys = ("status", "priority", "is_archived", "is_unassigned")
    return fold_batch(StandingTally.objects.all(), keys, ("tickets", "answered", "response_seconds"))


@transaction.atomic
def fold_late(*, before: datetime) -> int:
    """One batch of what has fallen due: since when does not matter any more."""
    return fold_batch(LateTally.objects.filter(moment__lt=before), ("kind",), ("tickets",), moment=LONG_AGO)


@transaction.atomic
def fold_flows() -> int:
    """One batch of changes, added to what they change."""
    batch = list(unheld(FlowChange.objects.order_by("pk")).values_list("pk", flat=True)[:BATCH])
    if not batch:
        return 0
    changes = FlowChange.objects.filter(pk__in=batch)
    keys = ("flow", "since", "name")
    # In one order, so that workers who add to the same rows wait for each other at most.
    sums = changes.values(*keys).annotate(**{f"all_{figure}": Sum(figure) for figure in FIGURES}).order_by(*keys)
    with connection.cursor() as cursor:
        sql, params = sums.query.sql_with_params()
        cursor.execute(ADD.format(sql), params)
    gone = {f"{key}__in": changes.values(key) for key in ("flow", "since")}
    FlowTally.objects.filter(**gone, **dict.fromkeys(FIGURES, 0)).delete()
    changes.delete()
    return len(batch)


def unheld(rows: QuerySet) -> QuerySet:
    """What another worker folds just now is not ours."""
    return rows.select_for_update(skip_locked=True) if connection.features.has_select_for_update_skip_locked else rows


def fold_batch(rows: QuerySet, keys: Sequence[str], figures: Sequence[str], **same: Any) -> int:
    model: type[models.Model] = rows.model
    batch = list(unheld(rows).order_by("pk").values_list("pk", *keys, *figures)[:BATCH])
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * len(figures))
    for _, *values in batch:
        total = sums[tuple(values[: len(keys)])]
        for place, value in enumerate(values[len(keys) :]):
            total[place] += value
    left = [(key, total) for key, total in sums.items() if any(total)]
    if len(left) == len(batch):
        return 0
    model._default_manager.filter(pk__in=[key for key, *_ in batch]).delete()
    model._default_manager.bulk_create(
        model(**dict(zip(keys, key, strict=True)), **dict(zip(figures, total, strict=True)), **same)
        for key, total in left
    )
    return len(batch) - len(left)
