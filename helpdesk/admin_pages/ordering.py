"""Lists whose order means something: rows are dragged, or moved by their buttons."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path, reverse

from helpdesk.errors import HelpDeskError, Invalid

from . import posting
from .posting import posted
from .verbs import VerbPages


class OrderedPages(VerbPages):
    """Rows in an order that people choose. `reorder` is handed the keys of the rows shown, in their new order."""

    change_list_template = "admin/helpdesk/ordered_list.html"
    # What stands in a row; it is given `row`, and what `told` says about it as `told`.
    row_template = ""
    list_per_page = 1_000
    actions = None
    list_display = ("__str__",)

    def reorder(self, request: HttpRequest, keys: Sequence[UUID]) -> None:
        raise NotImplementedError

    def part_of(self, row: Any) -> Any:
        """The part of the list within which this row is moved, and which it does not leave."""
        return None

    def told(self, request: HttpRequest, rows: Sequence[Any]) -> list[Any]:
        """What each row says beyond itself."""
        return [None for _ in rows]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_order"
        return [path("order/", self.admin_site.admin_view(self.order_view), name=name), *super().get_urls()]

    def order_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_press_permission(request):
            raise PermissionDenied
        try:
            with transaction.atomic():
                self.reorder(request, [as_key(text) for text in request.POST.getlist("key")[: self.list_per_page]])
        except HelpDeskError as problem:
            return JsonResponse({"error": str(problem)}, status=409)
        return JsonResponse({})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None)
        if context is not None and "cl" in context:
            rows = list(context["cl"].result_list)
            parts = [self.part_of(row) for row in rows]
            may_move = self.has_press_permission(request)
            context["order_url"] = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_order")
            context["told_rows"] = [
                {
                    "row": row,
                    "told": told,
                    "part": parts[place],
                    "buttons": self.row_buttons(request, row),
                    "moves": self.moves(row, place, parts) if may_move and len(rows) > 1 else [],
                }
                for place, (row, told) in enumerate(zip(rows, self.told(request, rows), strict=True))
            ]
        return answer

    def moves(self, row: Any, place: int, parts: Sequence[Any]) -> list[Any]:
        is_first, is_last = parts[place] not in parts[:place], parts[place] not in parts[place + 1 :]
        return [
            posting.button(self, "move_up", row, disabled=is_first, bare=True),
            posting.button(self, "move_down", row, disabled=is_last, bare=True),
        ]

    def row_buttons(self, request: HttpRequest, row: Any) -> list[Any]:
        return []

    @posted("Move up", icon="arrow_upward", variant="quiet")
    def move_up(self, request: HttpRequest, row: Any) -> None:
        self.move(request, row, -1)

    @posted("Move down", icon="arrow_downward", variant="quiet")
    def move_down(self, request: HttpRequest, row: Any) -> None:
        self.move(request, row, 1)

    def move(self, request: HttpRequest, row: Any, step: int) -> None:
        keys = list(self.neighbours(request, row))
        place = keys.index(row.pk)
        if not 0 <= place + step < len(keys):
            return
        keys[place], keys[place + step] = keys[place + step], keys[place]
        self.reorder(request, keys)
        self.message_user(request, f"“{row}” was moved {'up' if step < 0 else 'down'}.", messages.SUCCESS)

    def neighbours(self, request: HttpRequest, row: Any) -> Sequence[UUID]:
        """The keys of all rows among which this one is moved, in their order."""
        # Named, since Django leaves out a model's own order where rows are counted with others.
        order = self.get_ordering(request) or self.opts.ordering
        return list(self.get_queryset(request).order_by(*order).values_list("pk", flat=True))


def as_key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("This is no row.") from None
