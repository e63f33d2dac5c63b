"""Every path below /api that is about automation."""

from django.urls import path

from .views import AutomationRuleViewSet, RulePreviewViewSet, RuleRunViewSet, TicketTraceViewSet

urlpatterns = [
    path("automation-rules", AutomationRuleViewSet.as_view({"get": "list", "post": "create"})),
    path("automation-rules/preview", RulePreviewViewSet.as_view({"post": "preview"})),
    path(
        "automation-rules/<id:pk>",
        AutomationRuleViewSet.as_view({"get": "retrieve", "patch": "update", "delete": "destroy"}),
    ),
    path("automation-rules/<id:rule_id>/runs", RuleRunViewSet.as_view({"get": "list"})),
    path("tickets/<id:ticket_id>/automation-trace", TicketTraceViewSet.as_view({"get": "list"})),
]
