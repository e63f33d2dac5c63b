"""Buttons that change something: each is a form of its own, posted to an address of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from helpdesk.api.writes import with_retries
from helpdesk.errors import HelpDeskError

Method = TypeVar("Method", bound=Callable[..., HttpResponse | None])


@dataclass(frozen=True)
class Posted:
    """A button: its words, what is asked before, and how it looks (`default`, `primary` or `danger`)."""

    label: str
    icon: str
    confirm: str
    variant: str


def posted(label: str, *, icon: str = "", confirm: str = "", variant: str = "default") -> Callable[[Method], Method]:
    """Marks a method of a Pages class, `(self, request, obj)`, that runs on POST, for those who may press it."""

    def mark(method: Method) -> Method:
        method.posted = Posted(label, icon, confirm, variant)  # type: ignore[attr-defined]
        return method

    return mark


def methods_of(pages: Any) -> Iterator[tuple[str, Posted]]:
    for name in dir(type(pages)):
        if button := getattr(getattr(type(pages), name, None), "posted", None):
            yield name, button


def urls_of(pages: Any) -> list[URLPattern]:
    return [
        path(
            f"<path:object_id>/do/{name}/",
            pages.admin_site.admin_view(view_of(pages, name)),
            name=url_name(pages, name),
        )
        for name, _ in methods_of(pages)
    ]


def url_name(pages: Any, name: str) -> str:
    return f"{pages.opts.app_label}_{pages.opts.model_name}_{name}"


def view_of(pages: Any, name: str) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not pages.has_press_permission(request):
            raise PermissionDenied
        row = pages.get_object(request, unquote(object_id))
        if row is None:
            return pages._get_obj_does_not_exist_redirect(request, pages.opts, object_id)
        if not pages.has_press_permission(request, row):
            raise PermissionDenied
        answer = None
        try:
            answer = with_retries(lambda: transaction.atomic(getattr(pages, name))(request, row))
        except HelpDeskError as problem:
            pages.message_user(request, str(problem), messages.ERROR)
        return answer or back(request, reverse(f"admin:{pages.opts.app_label}_{pages.opts.model_name}_changelist"))

    return view


def back(request: HttpRequest, otherwise: str) -> HttpResponseRedirect:
    """To the page that the button stood on, when it says so."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(wanted if ours else otherwise)


def address(pages: Any, name: str, row: Model) -> str:
    return reverse(f"admin:{url_name(pages, name)}", args=[row.pk])


def button(
    pages: Any, name: str, row: Model, *, label: str = "", icon: str = "", disabled: bool = False, bare: bool = False
) -> SafeString:
    """A button for a list: it submits the form around the list, whose token it needs, to an address of its own.

    `bare` shows only the icon, and says the words to those who do not see it.
    """
    said: Posted = getattr(type(pages), name).posted
    words = label or said.label
    return format_html(
        '<button type="submit" class="hd-button hd-button--{} hd-button--small" formaction="{}" data-confirm="{}"{}>'
        '{}<span class="hd-button__text{}">{}</span></button>',
        said.variant,
        address(pages, name, row),
        said.confirm,
        format_html(' disabled title="{}"', words) if disabled else format_html(' title="{}"', words) if bare else "",
        icon_html(icon or said.icon),
        " hd-unseen" if bare else "",
        words,
    )


def icon_html(icon: str) -> SafeString | str:
    return format_html('<span class="material-symbols-outlined" aria-hidden="true">{}</span>', icon) if icon else ""
