"""Categories and folders: where articles stand, and who may read them there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from helpdesk.admin_pages import OrderedPages, VerbForm, Who
from knowledge_base import services
from knowledge_base.models import Category, Folder, Visibility

READERS = {
    Visibility.ALL: "Everybody, guests included",
    Visibility.LOGGED_IN: "Customers who are signed in",
    Visibility.AGENTS: "Agents only",
}


class CategoryForm(VerbForm):
    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget({"rows": 2}))

    class Meta:
        help_texts = {"icon": "A name that the portal shows a picture for, or an emoji."}


class PlacePages(OrderedPages):
    seen_by = added_by = changed_by = removed_by = Who.STAFF
    search_fields = ("name", "description")

    class Media:
        js = ("admin/order.js",)


@admin.register(Category)
class Categories(PlacePages):
    title = "Categories"
    add_title = "Create category"
    empty_icon = "category"
    empty_title = "No categories yet"
    empty_text = (
        "A category holds the articles about one subject, such as billing. Folders in it say who may read them."
    )
    removal = "Only an empty category can be deleted."

    form = CategoryForm
    fields = ("name", "description", "icon")
    row_template = "admin/knowledge_base/category_row.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).annotate(article_count=Count("articles", distinct=True))
        return rows.prefetch_related("folders")

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Category:
        order = next_order(Category.objects.all())
        return services.create_category(actor=request.user, order=order, **values)  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: Category, values: dict[str, Any]) -> Category:
        return services.update_category(row.pk, actor=request.user, **values)  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: Category) -> None:
        services.delete_category(row.pk, actor=request.user)  # type: ignore[arg-type]

    def reorder(self, request: HttpRequest, keys: Sequence[UUID]) -> None:
        services.put_in_order(Category.objects.all(), keys, actor=request.user)  # type: ignore[arg-type]


class FolderForm(VerbForm):
    called = {"category_id": "category"}

    description = forms.CharField(required=False, widget=UnfoldAdminTextareaWidget({"rows": 2}))
    visibility = forms.ChoiceField(
        label="Who may read it",
        choices=READERS.items(),
        initial=Visibility.ALL,
        widget=UnfoldAdminRadioSelectWidget,
    )


@admin.register(Folder)
class Folders(PlacePages):
    title = "Folders"
    add_title = "Create folder"
    empty_icon = "folder"
    empty_title = "No folders yet"
    empty_text = (
        "A folder gathers articles within a category, and says who may read them: everybody, customers or agents."
    )
    removal = "Only an empty folder can be deleted."

    form = FolderForm
    fields = ("category", "name", "description", "visibility")
    ordering = ("category__order", "category__name", "category_id", "order", "name", "id")
    row_template = "admin/knowledge_base/folder_row.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("category").annotate(article_count=Count("articles"))

    def told(self, request: HttpRequest, rows: Sequence[Folder]) -> list[Any]:
        return [READERS[Visibility(row.visibility)] for row in rows]

    def neighbours(self, request: HttpRequest, row: Folder) -> Sequence[UUID]:
        return list(Folder.objects.filter(category=row.category_id).values_list("pk", flat=True))

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Folder:
        order = next_order(Folder.objects.filter(category=values["category"]))
        return services.create_folder(actor=request.user, order=order, **by_id(values))  # type: ignore[arg-type]

    def change(self, request: HttpRequest, row: Folder, values: dict[str, Any]) -> Folder:
        return services.update_folder(row.pk, actor=request.user, **by_id(values))  # type: ignore[arg-type]

    def remove(self, request: HttpRequest, row: Folder) -> None:
        services.delete_folder(row.pk, actor=request.user)  # type: ignore[arg-type]

    def part_of(self, row: Folder) -> UUID:
        return row.category_id

    def reorder(self, request: HttpRequest, keys: Sequence[UUID]) -> None:
        for category in Category.objects.filter(folders__in=keys).distinct():
            services.put_in_order(category.folders.all(), keys, actor=request.user)  # type: ignore[arg-type]


def next_order(rows: Any) -> int:
    last = rows.order_by("-order").values_list("order", flat=True).first()
    return 0 if last is None else last + services.ORDER_STEP


def by_id(values: dict[str, Any]) -> dict[str, Any]:
    """The category as the verbs take it."""
    if "category" not in values:
        return values
    return {**{key: value for key, value in values.items() if key != "category"}, "category_id": values["category"].pk}
