"""Every path below /api that is about people and their keys."""

from django.urls import path

from .keys import ApiKeyViewSet, VerifyKeyViewSet
from .portal import PortalViewSet
from .views import AgentGroupViewSet, GroupMemberViewSet, UserViewSet

LIST = {"get": "list", "post": "create"}
ONE = {"get": "retrieve", "patch": "update", "delete": "destroy"}

urlpatterns = [
    path("users", UserViewSet.as_view(LIST)),
    path("users/<id:pk>", UserViewSet.as_view({"get": "retrieve", "patch": "update"})),
    path("agent-groups", AgentGroupViewSet.as_view(LIST)),
    path("agent-groups/<id:pk>", AgentGroupViewSet.as_view(ONE)),
    path("agent-groups/<id:group_id>/members", GroupMemberViewSet.as_view(LIST)),
    path("agent-groups/<id:group_id>/members/<id:pk>", GroupMemberViewSet.as_view({"delete": "remove"})),
    path("api-keys", ApiKeyViewSet.as_view(LIST)),
    path("api-keys/verify", VerifyKeyViewSet.as_view({"post": "verify"})),
    path("api-keys/<id:pk>", ApiKeyViewSet.as_view({"get": "retrieve", "delete": "destroy"})),
    path("portal/signup", PortalViewSet.as_view({"post": "signup"})),
    path("portal/login", PortalViewSet.as_view({"post": "login"})),
]
