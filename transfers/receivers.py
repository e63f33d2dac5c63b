"""What imports do when somebody is erased."""

from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from helpdesk.json_values import spellings

from .models import Chunk, FailedRow, PlannedRow
from .waiting import BEGINNING, lines_of, packed, without_values

ERASED = "This row was about somebody who has been erased."


def forget_person(sender: Any, addresses: list[str], **kwargs: Any) -> None:
    """Rows with the address lose what they say; those that still wait are not imported."""
    for address in addresses:
        # First of all: a batch that had these rows before us has written by then whatever it keeps of them.
        for chunk in Chunk.objects.select_for_update().filter(rows__icontains=address).order_by("pk"):
            lines = lines_of(chunk.rows)
            chunk.rows = "".join(without(line, address) + "\n" for line in lines)
            chunk.save(update_fields=["rows"])
            # What a row changes of somebody who is known already does not say who that is.
            numbers = [int(found[1]) for line in lines if names(line, address) and (found := BEGINNING.match(line))]
            PlannedRow.objects.filter(upload=chunk.of_id, number__in=numbers).update(changes={}, error=ERASED)
        about = Q(values__icontains=address) | Q(reason__icontains=address)
        FailedRow.objects.filter(about).update(values="{}", reason=ERASED)
        planned = PlannedRow.objects.alias(said=Cast("changes", TextField())).filter(about_plan(address))
        PlannedRow.objects.filter(pk__in=list(planned.values_list("pk", flat=True))).update(changes={}, error=ERASED)


def about_plan(address: str) -> Q:
    found = Q(error__icontains=address)
    for spelling in spellings(address):
        found |= Q(said__icontains=spelling)
    return found


def without(line: str, address: str) -> str:
    """A line as it is, or without what it says of the address; nothing of what cannot be told to be a row."""
    if not names(line, address):
        return line
    return "".join(packed(row).decode() for row in without_values(line, ERASED))


def names(line: str, address: str) -> bool:
    return address.casefold() in line.casefold()
