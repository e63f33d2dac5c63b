"""The pages of the customer portal."""

from django.urls import path, register_converter

from . import (
    account_pages,
    help_pages,
    leaving_pages,
    new_request_pages,
    profile_pages,
    request_list,
    request_pages,
    site_pages,
    sitemap,
    survey_pages,
)


class SlugConverter:
    """The slug of an article: letters and digits of any alphabet, joined by hyphens."""

    regex = r"[\w-]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SlugConverter, "words")

app_name = "portal"
urlpatterns = [
    path("", site_pages.root, name="root"),
    path("robots.txt", site_pages.robots, name="robots"),
    path("sitemap.xml", sitemap.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", sitemap.part, name="sitemap-part"),
    # The help centre.
    path("help/", help_pages.home, name="home"),
    path("help/search", help_pages.search, name="search"),
    path("help/suggest", help_pages.suggest, name="suggest"),
    path("help/feed.xml", site_pages.NewArticles(), name="feed"),
    path("help/categories/<id:category_id>", help_pages.category, name="category"),
    path("help/folders/<id:folder_id>", help_pages.folder, name="folder"),
    path("help/articles/<words:slug>", help_pages.article, name="article"),
    path("help/articles/<words:slug>/feedback", help_pages.feedback, name="feedback"),
    path("help/articles/<words:slug>/solved", help_pages.solved, name="solved"),
    # Requests.
    path("requests/", request_list.requests, name="requests"),
    path("requests/new", new_request_pages.new_request, name="new-request"),
    path("requests/confirm/<str:token>", new_request_pages.confirm_request, name="confirm-request"),
    path("requests/leave/<str:token>", leaving_pages.leave, name="leave"),
    path("requests/<int:number>", request_pages.request_page, name="request"),
    path("requests/<int:number>/sent", new_request_pages.request_sent, name="request-sent"),
    path("requests/<int:number>/reply", request_pages.reply, name="reply"),
    path("requests/<int:number>/solve", request_pages.solve, name="solve"),
    path("requests/<int:number>/reopen", request_pages.reopen, name="reopen"),
    path("requests/<int:number>/rate", request_pages.rate, name="rate"),
    path("requests/<int:number>/fields", request_pages.change_fields, name="request-fields"),
    path("requests/<int:number>/people", request_pages.add_person, name="add-person"),
    path("requests/<int:number>/people/<id:copy>/remove", request_pages.remove_person, name="remove-person"),
    path("requests/<int:number>/files/<id:attachment>", request_pages.file, name="request-file"),
    # Accounts.
    path("portal/sign-up", account_pages.sign_up, name="sign-up"),
    path("portal/sign-in", account_pages.sign_in, name="sign-in"),
    path("portal/sign-out", account_pages.sign_out, name="sign-out"),
    path("portal/confirm/<str:token>", account_pages.confirm, name="confirm"),
    path("portal/not-me/<str:token>", account_pages.not_me, name="not-me"),
    path("portal/new-email/<str:token>", account_pages.new_email, name="new-email"),
    path("portal/reset", account_pages.ask_reset, name="ask-reset"),
    path("portal/reset/<str:token>", account_pages.reset, name="reset"),
    path("portal/survey/<str:token>", survey_pages.survey, name="survey"),
    path("portal/account", profile_pages.profile, name="profile"),
    path("portal/account/picture", profile_pages.avatar, name="avatar"),
    path("portal/account/password", profile_pages.password, name="password"),
    path("portal/account/email", profile_pages.email, name="email"),
    path("portal/account/confirm", profile_pages.confirm_again, name="confirm-again"),
    path("portal/account/sessions", profile_pages.session_list, name="sessions"),
    path("portal/account/sessions/end", profile_pages.end_session, name="end-session"),
    path("portal/account/sessions/end-all", profile_pages.sign_out_everywhere, name="sign-out-everywhere"),
    path("portal/avatars/<str:name>", profile_pages.avatar_file, name="avatar-file"),
    path("portal/preferences", profile_pages.preferences, name="preferences"),
    path("portal/brand/<str:version>.css", site_pages.brand_style, name="brand-style"),
]
