"""Every path below /api that is about the knowledge base."""

from django.urls import path

from .views import ArticleViewSet, CategoryViewSet, FeedbackViewSet, FolderViewSet, SearchViewSet, VersionViewSet

ONE = {"get": "retrieve", "patch": "update", "delete": "destroy"}

urlpatterns = [
    path("kb/categories", CategoryViewSet.as_view({"get": "list", "post": "create"})),
    path("kb/categories/<id:pk>", CategoryViewSet.as_view(ONE)),
    path("kb/folders", FolderViewSet.as_view({"get": "list", "post": "create"})),
    path("kb/folders/<id:pk>", FolderViewSet.as_view(ONE)),
    path("kb/articles", ArticleViewSet.as_view({"get": "list", "post": "create"})),
    path("kb/articles/<id:pk>", ArticleViewSet.as_view(ONE)),
    path("kb/articles/<id:pk>/related", ArticleViewSet.as_view({"get": "related"})),
    path("kb/search", SearchViewSet.as_view({"get": "search"})),
    path("kb/articles/<id:article_id>/feedback", FeedbackViewSet.as_view({"get": "list", "post": "create"})),
    path("kb/articles/<id:article_id>/versions", VersionViewSet.as_view({"get": "list"})),
    path("kb/articles/<id:article_id>/versions/<id:pk>", VersionViewSet.as_view({"get": "retrieve"})),
    path("kb/articles/<id:article_id>/versions/<id:pk>/restore", VersionViewSet.as_view({"post": "restore"})),
]
