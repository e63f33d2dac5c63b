"""Which company an e-mail address belongs to."""

from uuid import UUID

from django.db import models
from django.db.models import F, Value

from helpdesk.api.sqltext import ListHolds

from .domains import domain_of
from .models import Company


def company_id_for(email: str) -> UUID | None:
    """The company whose domains hold the address's domain, the oldest one of several; None without one."""
    domain = domain_of(email)
    if domain is None:
        return None
    holds = ListHolds(F("domains"), Value(domain, output_field=models.TextField()))
    return Company.objects.filter(holds).order_by("created_at", "id").values_list("pk", flat=True).first()


def companies_by_domain() -> dict[str, UUID]:
    """The same answer for every known domain at once, for imports."""
    found: dict[str, UUID] = {}
    for key, domains in Company.objects.order_by("created_at", "id").values_list("pk", "domains").iterator():
        for domain in domains:
            found.setdefault(domain, key)
    return found
