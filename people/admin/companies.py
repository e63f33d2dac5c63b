"""People > Companies: how they are, and who of them writes to us."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from companies.models import AccountTier, Company, HealthScore
from companies.services import create_company, delete_company, update_company
from custom_fields.models import EntityType
from helpdesk.admin_pages import VerbPages, Who, badge

from .around import latest, visible
from .contacts import state_badge
from .fields import PREFIX, HasCustomFields, ShortPaginator, Words, custom_form, gathered

HEALTH = {HealthScore.HAPPY: "green", HealthScore.NEUTRAL: "", HealthScore.AT_RISK: "red"}
TIERS = {AccountTier.ENTERPRISE: "violet", AccountTier.PREMIUM: "blue"}
PEOPLE = 15


class CompanyForm(HasCustomFields):
    called = {"custom_fields": "__all__"}

    domains = Words(
        required=False,
        help_text="Whoever writes from one of these domains joins the company: example.com, example.org",
    )
    description = forms.CharField(required=False, empty_value=None, widget=UnfoldAdminTextareaWidget({"rows": 2}))
    industry = forms.CharField(max_length=100, required=False, empty_value=None, widget=UnfoldAdminTextInputWidget)
    renewal_date = forms.DateTimeField(label="Renewal", required=False, widget=UnfoldAdminSingleDateWidget)
    notes = forms.CharField(
        required=False,
        empty_value=None,
        widget=UnfoldAdminTextareaWidget({"rows": 4}),
        help_text="For those who work here. Customers never see them.",
    )

    class Meta:
        model = Company
        fields = ["name", "health_score", "account_tier", "shares_tickets"]
        labels = {
            "health_score": "Health",
            "account_tier": "Tier",
            "shares_tickets": "Its people see each other's tickets in the portal",
        }


FIELDS = (
    (None, {"fields": ("name", "domains", "industry", "description")}),
    ("As a customer", {"fields": ("health_score", "account_tier", "renewal_date", "shares_tickets", "notes")}),
)


@admin.register(Company)
class Companies(VerbPages):
    seen_by = added_by = changed_by = removed_by = pressed_by = Who.STAFF
    title = "Companies"
    add_title = "New company"
    save_label = "Create company"
    empty_value_display = "–"
    empty_icon = "domain"
    empty_title = "No companies yet"
    empty_text = (
        "A company gathers its people by the domain of their addresses, with their tickets, health and renewal."
    )
    removal = "Its contacts and their tickets stay, without a company."

    form = CompanyForm
    change_form_after_template = "admin/people/company.html"
    list_before_template = "admin/people/transfer_links.html"
    list_display = ("name", "health", "tier", "renewal", "people", "domain_names")
    list_filter = ("health_score", "account_tier")
    list_per_page = 50
    paginator = ShortPaginator
    search_fields = ("name",)
    ordering = ("name", "id")
    actions = None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"transfer_kind": "companies", **(extra_context or {})})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)
        if isinstance(listed.result_list, QuerySet):
            listed.result_list = with_people(listed.result_list)
        return listed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        custom = [name for name in custom_form(CompanyForm, EntityType.COMPANY).declared_fields if PREFIX in name]
        return [*FIELDS, ("More about it", {"fields": tuple(custom)})] if custom else FIELDS

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=custom_form(CompanyForm, EntityType.COMPANY), **kwargs)

    @display(description="Health", ordering="health_score")
    def health(self, company: Company) -> str:
        return badge(company.get_health_score_display(), HEALTH.get(HealthScore(company.health_score), ""))

    @display(description="Tier", ordering="account_tier")
    def tier(self, company: Company) -> str:
        return badge(company.get_account_tier_display(), TIERS.get(AccountTier(company.account_tier), ""))

    @display(description="Renewal", ordering="renewal_date")
    def renewal(self, company: Company) -> str:
        if company.renewal_date is None:
            return "–"
        words = f"{timezone.localtime(company.renewal_date):%-d %b %Y}"
        return badge(f"{words}, passed", "amber") if company.renewal_date < timezone.now() else words

    @display(description="Contacts")
    def people(self, company: Any) -> str:
        return str(company.contact_count)

    @display(description="Domains")
    def domain_names(self, company: Company) -> str:
        names = company.domains
        return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Company:
        actor: User = request.user  # type: ignore[assignment]
        return create_company(actor=actor, may_share=actor.sees_all_tickets, **gathered(values))

    def change(self, request: HttpRequest, row: Company, values: dict[str, Any]) -> Company:
        stored = Company.objects.get(pk=row.pk).custom_fields
        actor: User = request.user  # type: ignore[assignment]
        return update_company(row.pk, actor=actor, may_share=actor.sees_all_tickets, **gathered(values, stored))

    def remove(self, request: HttpRequest, row: Company) -> None:
        delete_company(row.pk, actor=request.user)  # type: ignore[arg-type]

    def around(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        around = super().around(request, object_id)
        company = self.get_object(request, object_id) if object_id else None
        if company is None:
            return around
        contacts = list(User.objects.filter(company=company, role="customer").order_by("-created_at")[: PEOPLE + 1])
        return {
            **around,
            **latest(visible(request).filter(customer__company=company), companyId=str(company.pk)),
            "company": company,
            "contacts": [(contact, state_badge(contact)) for contact in contacts[:PEOPLE]],
            "more_contacts": len(contacts) > PEOPLE,
            "contacts_link": f"{reverse('admin:people_contact_changelist')}?company__id__exact={company.pk}",
        }


def with_people(rows: QuerySet) -> QuerySet:
    people = User.objects.filter(company=OuterRef("pk"), role="customer").order_by()
    count = people.values("company").annotate(how_many=Count("pk")).values("how_many")
    return rows.annotate(contact_count=Coalesce(Subquery(count, output_field=IntegerField()), 0))
