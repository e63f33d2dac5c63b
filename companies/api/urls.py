"""Every path below /api that is about companies."""

from django.urls import path

from .views import CompanyViewSet

urlpatterns = [
    path("companies", CompanyViewSet.as_view({"get": "list", "post": "create"})),
    path("companies/<id:pk>", CompanyViewSet.as_view({"get": "retrieve", "patch": "update", "delete": "destroy"})),
]
