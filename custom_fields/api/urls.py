"""Every path below /api that is about custom fields."""

from django.urls import path

from .views import CustomFieldViewSet

urlpatterns = [
    path("custom-fields", CustomFieldViewSet.as_view({"get": "list", "post": "create"})),
    path(
        "custom-fields/<id:pk>", CustomFieldViewSet.as_view({"get": "retrieve", "patch": "update", "delete": "destroy"})
    ),
]
