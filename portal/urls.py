"""The pages of the customer portal."""

from django.urls import path

from . import account_pages, survey_pages

app_name = "portal"
urlpatterns = [
    path("confirm/<str:token>", account_pages.confirm, name="confirm"),
    path("not-me/<str:token>", account_pages.not_me, name="not-me"),
    path("reset", account_pages.ask_reset, name="ask-reset"),
    path("survey/<str:token>", survey_pages.survey, name="survey"),
    path("reset/<str:token>", account_pages.reset, name="reset"),
]
