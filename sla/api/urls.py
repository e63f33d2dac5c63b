"""Every path below /api that is about service levels."""

from django.urls import path

from .views import (
    BusinessHoursViewSet,
    HolidaysOfHoursViewSet,
    HolidayViewSet,
    PolicyPreviewViewSet,
    SlaPolicyViewSet,
    TicketSlaViewSet,
)

LIST = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "update", "delete": "destroy"}

urlpatterns = [
    path("sla-policies", SlaPolicyViewSet.as_view(LIST)),
    path("sla-policies/preview", PolicyPreviewViewSet.as_view({"post": "new"})),
    path("sla-policies/<id:pk>", SlaPolicyViewSet.as_view(ONE)),
    path("sla-policies/<id:pk>/preview", PolicyPreviewViewSet.as_view({"post": "changed"})),
    path("business-hours", BusinessHoursViewSet.as_view(LIST)),
    path("business-hours/<id:pk>", BusinessHoursViewSet.as_view(ONE)),
    path("business-hours/<id:business_hours_id>/holidays", HolidaysOfHoursViewSet.as_view(LIST)),
    path("holidays/<id:pk>", HolidayViewSet.as_view({"delete": "destroy"})),
    path("tickets/<id:pk>/sla", TicketSlaViewSet.as_view({"get": "explain"})),
]
