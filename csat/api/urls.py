"""Every path below /api that is about surveys."""

from django.urls import path

from .views import SurveyViewSet

urlpatterns = [
    path("csat-surveys", SurveyViewSet.as_view({"get": "list", "post": "create"})),
    path("csat-surveys/<id:pk>", SurveyViewSet.as_view({"get": "retrieve"})),
]
