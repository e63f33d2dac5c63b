"""The map of the site: which prefix belongs to which app."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.views.generic import RedirectView

from helpdesk.api.converters import IdConverter
from helpdesk.api.docs import docs, openapi
from helpdesk.api.errors import not_found
from helpdesk.health import healthz, readyz

register_converter(IdConverter, "id")

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("tickets.api.urls")),
    path("api/", include("knowledge_base.api.urls")),
    path("api/", include("automation.api.urls")),
    path("api/", include("accounts.api.urls")),
    path("api/", include("companies.api.urls")),
    path("api/", include("custom_fields.api.urls")),
    path("api/", include("sla.api.urls")),
    path("api/", include("transfers.api.urls")),
    path("api/", include("csat.api.urls")),
    path("api/", include("reports.api.urls")),
    path("api/openapi.json", openapi, name="openapi"),
    path("api/docs", docs, name="docs"),
    path("api", not_found),
    path("api/<path:rest>", not_found),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("portal.urls")),
]
handler400 = "helpdesk.admin_errors.bad_request"
handler404 = "helpdesk.admin_errors.not_found"
handler500 = "helpdesk.admin_errors.server_error"
