"""Every path below /api that is about exports and imports."""

from django.urls import path

from .views import (
    CompanyExportViewSet,
    CompanyImportViewSet,
    ContactExportViewSet,
    ContactImportViewSet,
    ImportViewSet,
    PlannedRowViewSet,
    TicketExportViewSet,
)

EXPORT = {"post": "export"}
START = {"post": "start"}
TEMPLATE = {"get": "template"}

urlpatterns = [
    path("contacts/export", ContactExportViewSet.as_view(EXPORT)),
    path("companies/export", CompanyExportViewSet.as_view(EXPORT)),
    path("tickets/export", TicketExportViewSet.as_view(EXPORT)),
    path("contacts/import", ContactImportViewSet.as_view(START)),
    path("companies/import", CompanyImportViewSet.as_view(START)),
    path("contacts/import/template", ContactImportViewSet.as_view(TEMPLATE)),
    path("companies/import/template", CompanyImportViewSet.as_view(TEMPLATE)),
    path("imports", ImportViewSet.as_view({"get": "list"})),
    path("imports/<id:pk>", ImportViewSet.as_view({"get": "retrieve"})),
    path("imports/<id:pk>/errors", ImportViewSet.as_view({"get": "errors"})),
    path("imports/<id:upload_id>/rows", PlannedRowViewSet.as_view({"get": "list"})),
]
