"""People > Contacts: who writes to us, and what may be done about their data."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts.emails import matching_key
from accounts.erasing import erase_person
from accounts.merging import merge_contacts
from accounts.models import User
from accounts.portal_accounts import free_username, username_stem
from accounts.services import create_user, update_user
from custom_fields.models import EntityType
from helpdesk.admin_pages import VerbPages, Who, ago, badge, posted
from helpdesk.api.writes import with_retries
from helpdesk.errors import HelpDeskError
from people.models import Contact

from .around import counted_open, latest, visible
from .fields import PREFIX, HasCustomFields, ShortPaginator, Words, custom_form, gathered

NEAR = 8  # possible twins that are offered


class ContactForm(HasCustomFields):
    called = {"company_id": "company", "custom_fields": "__all__", "username": "email"}

    name = forms.CharField(max_length=200, widget=UnfoldAdminTextInputWidget)
    email = forms.CharField(label="Email", max_length=254, widget=UnfoldAdminEmailInputWidget)
    phone = forms.CharField(max_length=50, required=False, empty_value=None, widget=UnfoldAdminTextInputWidget)
    tags = Words(required=False, help_text="Separated by commas.")

    class Meta:
        model = Contact
        fields = ["name", "email", "phone", "company", "tags"]


class State(admin.SimpleListFilter):
    title = "account"
    parameter_name = "state"
    CHOICES = {
        "verified": ("Mailbox proven", Q(is_active=True, email_verified_at__isnull=False)),
        "unproven": (
            "Signed up, mailbox not proven",
            Q(is_active=True, email_verified_at__isnull=True, claimed_at__isnull=False),
        ),
        "none": ("No account", Q(is_active=True, email_verified_at__isnull=True, claimed_at__isnull=True)),
        "inactive": ("Deactivated", Q(is_active=False, erased_at__isnull=True)),
        "erased": ("Erased", Q(is_active=False, erased_at__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in self.CHOICES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.CHOICES.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


def state_badge(contact: User) -> str:
    if contact.erased_at:
        return badge("Erased", "red")
    if not contact.is_active:
        return badge("Deactivated", "red")
    if contact.email_verified_at:
        return badge("Verified", "green")
    return badge("Not proven", "amber") if contact.claimed_at else badge("No account")


@admin.register(Contact)
class Contacts(VerbPages):
    seen_by = added_by = changed_by = pressed_by = Who.STAFF
    removed_by = Who.NOBODY
    title = "Contacts"
    add_title = "New contact"
    save_label = "Create contact"
    empty_value_display = "–"
    empty_icon = "person"
    empty_title = "No contacts yet"
    empty_text = (
        "Everybody who writes to you becomes a contact by themselves. Add the first one here, or import a list of them."
    )

    form = ContactForm
    change_form_after_template = "admin/people/contact.html"
    list_before_template = "admin/people/transfer_links.html"
    list_display = ("person", "company", "labels", "open", "state", "since")
    list_display_links = ("person",)
    list_select_related = ("company",)
    sortable_by = ("person", "since")  # not by company, which is by the day a company was added
    list_filter = (State,)
    narrowed_by = ("company__id__exact",)
    list_per_page = 40
    paginator = ShortPaginator
    search_fields = ("name",)
    search_help_text = "Beginnings of names and addresses"
    ordering = ("-created_at", "-id")
    autocomplete_fields = ("company",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(role="customer", merged_into__isnull=True)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        return (queryset.matching(search_term) if search_term.strip() else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"transfer_kind": "contacts", **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        if isinstance(listed.result_list, QuerySet):
            # Of the rows on the page alone, not of all that are counted.
            listed.result_list = counted_open(listed.result_list, request, "customer")
        return listed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        custom = [name for name in custom_form(ContactForm, EntityType.CONTACT).declared_fields if PREFIX in name]
        sections = [(None, {"fields": ("name", "email", "phone", "company", "tags")})]
        return [*sections, ("More about them", {"fields": tuple(custom)})] if custom else sections

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=custom_form(ContactForm, EntityType.CONTACT), **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.erased_at is None)

    @display(description="Name", ordering="name")
    def person(self, contact: Contact) -> str:
        return format_html(
            '<span class="hd-two"><strong>{}</strong><small>{}</small></span>', contact.name, contact.email
        )

    @display(description="Tags")
    def labels(self, contact: Contact) -> str:
        return format_html_join(" ", "{}", ((badge(tag),) for tag in contact.tags[:4]))

    @display(description="Open tickets")
    def open(self, contact: Any) -> str:
        return str(contact.open_tickets)

    @display(description="Account")
    def state(self, contact: Contact) -> str:
        return state_badge(contact)

    @display(description="Since", ordering="created_at")
    def since(self, contact: Contact) -> str:
        return ago(contact.created_at)

    # --- The verbs ---

    def create(self, request: HttpRequest, values: dict[str, Any]) -> User:
        given = by_id(gathered(values))
        username = free_username(username_stem(given["email"].partition("@")[0]))
        made = create_user(actor=request.user, username=username, in_person=True, **given)  # type: ignore[arg-type]
        return Contact.objects.get(pk=made.pk)

    def change(self, request: HttpRequest, row: User, values: dict[str, Any]) -> User:
        stored = User.objects.get(pk=row.pk).custom_fields
        given = by_id(gathered(values, stored))
        update_user(row.pk, actor=request.user, in_person=True, **given)  # type: ignore[arg-type]
        return Contact.objects.get(pk=row.pk)

    def buttons(self, request: HttpRequest, row: User) -> Iterable[str]:
        if row.erased_at:
            return ()
        return ("deactivate",) if row.is_active else ("reactivate",)

    @posted(
        "Deactivate",
        icon="person_off",
        variant="danger",
        confirm="Deactivate this contact? They are signed out and cannot sign in; nothing new is filed for them.",
    )
    def deactivate(self, request: HttpRequest, contact: User) -> HttpResponse:
        update_user(contact.pk, actor=request.user, in_person=True, is_active=False)  # type: ignore[arg-type]
        self.message_user(request, f"{contact.name} is deactivated.", messages.SUCCESS)
        return redirect(address("change", contact))

    @posted("Reactivate", icon="person_check")
    def reactivate(self, request: HttpRequest, contact: User) -> HttpResponse:
        update_user(contact.pk, actor=request.user, in_person=True, is_active=True)  # type: ignore[arg-type]
        self.message_user(request, f"{contact.name} is active again.", messages.SUCCESS)
        return redirect(address("change", contact))

    # --- Further pages ---

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/merge/", view(self.merge_view), name="people_contact_merge"),
            path("<path:object_id>/erase/", view(self.erase_view), name="people_contact_erase"),
            *super().get_urls(),
        ]

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        around = super().around(request, object_id)
        contact = self.get_object(request, object_id) if object_id else None
        if contact is None:
            return around
        return {
            **around,
            **latest(visible(request).filter(customer=contact), customerId=str(contact.pk)),
            "contact": contact,
            "contact_state": state_badge(contact),
            "other_addresses": list(contact.merged.values_list("email", flat=True)),
            "may_erase": Who.ADMINS.includes(request),
        }

    def present(self, request: HttpRequest, object_id: str) -> User:
        contact = self.get_object(request, object_id)
        if contact is None or contact.erased_at or not self.has_change_permission(request, contact):
            raise PermissionDenied
        return contact

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Choose the other one, look at both, and only then merge."""
        contact = self.present(request, object_id)
        others: Any = self.get_queryset(request).filter(erased_at__isnull=True).exclude(pk=contact.pk)
        typed = (request.POST.get("email") or request.GET.get("email") or "").replace("\x00", "").strip()
        other = others.filter(email_key=matching_key(typed)).first() if typed else None
        if request.method == "POST" and other is not None and "confirmed" in request.POST:
            try:
                user: Any = request.user
                with_retries(transaction.atomic(partial(merge_contacts, contact.pk, merged_id=other.pk, actor=user)))
            except HelpDeskError as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, f"{other.email} is part of {contact.name} now.")
                return redirect(address("change", contact))
        context = {
            "title": "Merge contacts",
            "contact": contact,
            "original": contact,
            "typed": typed,
            "other": other,
            "missing": bool(typed) and other is None,
            "twins": [] if other else list(others.matching(contact.name)[:NEAR]),
            "moved": visible(request).filter(customer=other).count() if other else 0,
        }
        return self.page(request, "admin/people/merge.html", context)

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not Who.ADMINS.includes(request):
            raise PermissionDenied
        contact = self.present(request, object_id)
        typed = request.POST.get("email", "").strip()
        wrong = request.method == "POST" and matching_key(typed) != contact.email_key
        if request.method == "POST" and not wrong:
            blank = "blank_messages" in request.POST
            try:
                user: Any = request.user
                erase = partial(erase_person, contact.pk, actor=user, blank_messages=blank)
                with_retries(transaction.atomic(erase))
            except HelpDeskError as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, "The person is erased. Their tickets are still there.")
                return redirect("admin:people_contact_changelist")
        context = {"title": "Erase a person", "contact": contact, "original": contact, "typed": typed, "wrong": wrong}
        return self.page(request, "admin/people/erase.html", context)

    def page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context})


def by_id(values: dict[str, Any]) -> dict[str, Any]:
    """As the verbs want it: what is referred to by its id."""
    if "company" not in values:
        return values
    company = values.pop("company")
    return {**values, "company_id": company.pk if company else None}


def address(page: str, contact: User) -> str:
    return reverse(f"admin:people_contact_{page}", args=[contact.pk])
