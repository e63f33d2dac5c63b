"""Every path below /api that is about figures."""

from django.urls import path

from .views import DashboardViewSet, ReportViewSet

urlpatterns = [
    path("dashboard/stats", DashboardViewSet.as_view({"get": "stats"})),
    path("reports", ReportViewSet.as_view({"get": "report"})),
]
