"""What imports do when somebody is erased."""

import re
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from helpdesk.json_values import spellings
from helpdesk.mentions import mentioned_in, mentions, pattern_of

from .models import Chunk, FailedRow, PlannedRow
from .waiting import BEGINNING, lines_of, packed, without_values

ERASED = "This row was about somebody who has been erased."


def forget_person(sender: Any, addresses: list[str], **kwargs: Any) -> None:
    """Rows with the address lose what they say; those that still wait are not imported."""
    them = pattern_of(addresses)
    for address in addresses:
        # First of all: a batch that had these rows before us has written by then whatever it keeps of them.
        for chunk in Chunk.objects.select_for_update().filter(rows__icontains=address).order_by("pk"):
            forget_in(chunk, address, them)
        failed = FailedRow.objects.filter(Q(values__icontains=address) | Q(reason__icontains=address))
        about = [row.pk for row in failed if mentioned_in(row.values, them) or mentions(row.reason, them)]
        FailedRow.objects.filter(pk__in=about).update(values="{}", reason=ERASED)
        planned = PlannedRow.objects.alias(said=Cast("changes", TextField())).filter(about_plan(address))
        about = [row.pk for row in planned if mentions([row.changes, row.error], them)]
        PlannedRow.objects.filter(pk__in=about).update(changes={}, error=ERASED)


def forget_in(chunk: Chunk, address: str, them: re.Pattern[str]) -> None:
    lines = lines_of(chunk.rows)
    theirs = {line for line in lines if address.casefold() in line.casefold() and mentioned_in(line, them)}
    chunk.rows = "".join(without_what_it_says(line) if line in theirs else f"{line}\n" for line in lines)
    chunk.save(update_fields=["rows"])
    # What a row changes of somebody who is known already does not say who that is.
    numbers = [int(found[1]) for line in theirs if (found := BEGINNING.match(line))]
    PlannedRow.objects.filter(upload=chunk.of_id, number__in=numbers).update(changes={}, error=ERASED)


def about_plan(address: str) -> Q:
    found = Q(error__icontains=address)
    for spelling in spellings(address):
        found |= Q(said__icontains=spelling)
    return found


def without_what_it_says(line: str) -> str:
    """The row of a line without its values; nothing of what cannot be told to be a row."""
    return "".join(f"{packed(row).decode()}\n" for row in without_values(line, ERASED))
