"""All configuration, read from the environment.

Every variable is described in docs/configuration.md; a test keeps that table and this file in step.
A file `.env` beside manage.py is read first and never overrides the real environment.
"""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from .senders import as_sender

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# --- Security -------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Put a long random string into the SECRET_KEY environment variable; "
            "`make run` generates one into .env for a local start."
        )
    SECRET_KEY = "only-for-debugging"  # noqa: S105 - unusable in production: refused above without DEBUG
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Behind TLS (the default in production) cookies travel over https only and browsers are told to stay there.
HTTPS = env.bool("HELPDESK_HTTPS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("HELPDESK_HSTS_SECONDS", default=31_536_000) if HTTPS else 0
if env.bool("HELPDESK_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies in front of the server may be believed about the client's address.
TRUSTED_PROXIES = env.int("HELPDESK_TRUSTED_PROXIES", default=0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "helpdesk.admin_config.HelpDeskAdminConfig",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "worker",
    "outbox",
    "audit",
    "custom_fields",
    "companies",
    "accounts",
    "tickets",
    "knowledge_base",
    "sla",
    "automation",
    "email_channel",
    "transfers",
    "csat",
    "reports",
    "portal",
    "workspace",
    "people",
    "helpdesk",
]
MIDDLEWARE = [
    "helpdesk.api.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "helpdesk.assets.AssetsMiddleware",
    "helpdesk.api.middleware.ApiPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.PortalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
APPEND_SLASH = False
CSRF_FAILURE_VIEW = "helpdesk.admin_errors.csrf_failure"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ]
        },
    }
]

# --- Data -----------------------------------------------------------------------------------------

DATA_DIR = env.path("HELPDESK_DATA_DIR", default=str(BASE_DIR / "var"))
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR('helpdesk.sqlite3')}")}
_database = DATABASES["default"]
# SQLite reads the whole schema anew on each connection, PostgreSQL starts a process.
_database["CONN_MAX_AGE"] = env.int("HELPDESK_DB_CONN_MAX_AGE", default=600)
if _database["ENGINE"].endswith("sqlite3"):
    Path(_database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE takes the write lock when a transaction begins: writers queue instead of failing half-way.
    # FULL keeps what was acknowledged through a power cut.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;",
    }
elif env.bool("HELPDESK_DB_PREPARE", default=True):
    # Server-side parameters let the server keep the plan of a statement it has seen five times.
    # Turn this off behind a pooler that shares connections between transactions.
    _database["OPTIONS"] = {**_database.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 5}
CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
# No STATIC_ROOT: assets are served from where they lie, so there is no collecting step to forget.
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "helpdesk.assets.MarkedAssets"},
}
MEDIA_ROOT = DATA_DIR("media")

# --- Accounts -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
PASSWORD_HASHERS = ["accounts.hashers.Argon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 6}},
]
SESSION_COOKIE_NAME = "helpdesk_session"
LOGIN_REDIRECT_URL = "admin:index"
# Whether agents and admins need a second factor to sign in; without this it is theirs to choose.
REQUIRE_TWO_FACTOR = env.bool("HELPDESK_REQUIRE_TWO_FACTOR", default=False)
SESSION_ENGINE = "accounts.sessions"
# What happens when somebody signs up in the portal with the address of a contact who has no password yet.
CLAIM_POLICY = env.str("HELPDESK_CLAIM_POLICY", default="tiered")
if CLAIM_POLICY not in ("tiered", "verify_first", "invite_only"):
    raise ImproperlyConfigured("HELPDESK_CLAIM_POLICY must be one of: tiered, verify_first, invite_only.")

# --- Mail -----------------------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default=f"filemail:///{DATA_DIR('mail')}"))
EMAIL_TIMEOUT = 20  # seconds a mail server may keep us waiting
MAIL_IN_BACKGROUND = True
DEFAULT_FROM_EMAIL = as_sender(env.str("HELPDESK_FROM_EMAIL", default="HelpDesk <helpdesk@localhost>"))
# The address people open in their browser; links in mails begin with it.
BASE_URL = env.str("HELPDESK_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")

# Whether customers get by mail what staff answers in public, and that a request they sent has arrived.
MAIL_REPLIES = env.bool("HELPDESK_MAIL_REPLIES", default=True)
MAIL_RECEIPTS = env.bool("HELPDESK_MAIL_RECEIPTS", default=True)

# --- Background work ------------------------------------------------------------------------------

REDIS_URL = env.str("HELPDESK_REDIS_URL", default="")
if REDIS_URL and find_spec("redis") is None:
    raise ImproperlyConfigured("HELPDESK_REDIS_URL needs the package redis: pip install redis.")
Q_CLUSTER = {
    "name": "helpdesk",
    "label": "Background work",
    # Jobs wait in the database, or in Redis, whence they are fetched without asking every second.
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default", "poll": 1}),
    # No job should take longer than ten minutes. What was not finished two minutes after that is taken up by
    # somebody else: its process is dead, since one that is only slow would have been stopped.
    "timeout": 600,
    "retry": 720,
    # A job that fails is shown and not repeated: it is due again soon anyway, and an admin can ask for it.
    "ack_failures": True,
    # After a pause everything runs once, not once for each time that was missed.
    "catch_up": False,
    # Few jobs wait inside a process, where nobody else can take them.
    "queue_limit": 2,
    "guard_cycle": 1,
    "save_limit": 20,
    "save_limit_per": "name",
}

# --- API ------------------------------------------------------------------------------------------

DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("HELPDESK_MAX_BODY", default=10 * 1024 * 1024)
ATTACHMENT_MAX_SIZE = env.int("HELPDESK_MAX_ATTACHMENT", default=25 * 1024 * 1024)
# Requests per key, e.g. "600/min"; empty means no limit.
API_RATE = env.str("HELPDESK_API_RATE", default="")
if API_RATE and not re.fullmatch(r"[1-9]\d{0,8}/(s|sec|m|min|h|hour|d|day)", API_RATE):
    raise ImproperlyConfigured("HELPDESK_API_RATE must look like 600/min.")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.ApiKeyAuthentication",
        "accounts.api.authentication.StaffSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["helpdesk.api.permissions.ScopePermission"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.KeyRate"],
    "DEFAULT_PARSER_CLASSES": ["helpdesk.api.json.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["helpdesk.api.json.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "helpdesk.api.schema.DocumentedSchema",
    "EXCEPTION_HANDLER": "helpdesk.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "HelpDesk API",
    "DESCRIPTION": (
        "The HelpDesk REST API: tickets, people, companies and everything around them.\n\n"
        "Send an API key as `Authorization: ApiKey YOUR_API_KEY`. Bodies and answers are JSON; every refusal is "
        '`{"error": "one plain sentence"}`, with `details` by field when input is not valid.\n\n'
        "Lists are arrays, newest first. With `limit` they come in pages: the `Link` header leads to the next one. "
        "Single resources carry an `ETag`; `If-Match` protects what somebody else has changed meanwhile. "
        "`Idempotency-Key` on a POST makes a retry safe."
    ),
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "tickets.models.Status",
        "ArticleStatusEnum": "knowledge_base.models.Status",
    },
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "helpdesk.api.schema.finish"],
}

# --- Knowledge base -------------------------------------------------------------------------------

# How many seconds views of articles are gathered before they are written.
VIEWS_WRITTEN_AFTER = 2.0

# --- Automation -----------------------------------------------------------------------------------

# How many days the runs of rules are kept for explanation.
AUTOMATION_TRACE_DAYS = env.int("HELPDESK_AUTOMATION_TRACE_DAYS", default=30)

# --- Customer satisfaction ------------------------------------------------------------------------

# Whether customers are asked when a ticket is resolved, and how many days they can answer.
CSAT_SURVEYS = env.bool("HELPDESK_CSAT_SURVEYS", default=True)
CSAT_DAYS = env.int("HELPDESK_CSAT_DAYS", default=30)

# --- Customer portal ------------------------------------------------------------------------------

BRAND_NAME = env.str("HELPDESK_BRAND_NAME", default="HelpDesk")
BRAND_LOGO_URL = env.str("HELPDESK_BRAND_LOGO_URL", default="")
if BRAND_LOGO_URL and not re.fullmatch(r"(https://[\w.:-]+)?/(?!/)[^\s;,]*", BRAND_LOGO_URL):
    raise ImproperlyConfigured(
        "HELPDESK_BRAND_LOGO_URL must be a path such as /static/logo.svg, or an https:// address."
    )
BRAND_COLOR = env.str("HELPDESK_BRAND_COLOR", default="")
if BRAND_COLOR and not re.fullmatch(r"#[0-9a-fA-F]{6}", BRAND_COLOR):
    raise ImproperlyConfigured("HELPDESK_BRAND_COLOR must look like #1d4ed8.")
BRAND_LINKS = env.dict("HELPDESK_BRAND_LINKS", default={})
if not all(re.match(r"https?://|mailto:|/(?!/)", address) for address in BRAND_LINKS.values()):
    raise ImproperlyConfigured("HELPDESK_BRAND_LINKS must look like Website=https://example.com,Status=https://….")
BRAND_WELCOME = env.str("HELPDESK_BRAND_WELCOME", default="")
# Whether people without an account can send a request; it is filed once they open a mailed link.
GUEST_TICKETS = env.bool("HELPDESK_GUEST_TICKETS", default=False)

# --- Admin pages ----------------------------------------------------------------------------------


def asset(path: str) -> Callable[[object], str]:
    """The address of a file, once there is a request; not yet while settings are read."""
    return lambda _request: static(path)


UNFOLD = {
    "SITE_TITLE": "HelpDesk",
    "SITE_HEADER": "HelpDesk",
    "SITE_URL": None,
    "SITE_SYMBOL": "support_agent",
    "SHOW_HISTORY": False,
    "COLORS": {
        "primary": {
            "50": "#eff6ff",
            "100": "#dbeafe",
            "200": "#bfdbfe",
            "300": "#93c5fd",
            "400": "#60a5fa",
            "500": "#3b82f6",
            "600": "#2563eb",
            "700": "#1d4ed8",
            "800": "#1e40af",
            "900": "#1e3a8a",
            "950": "#172554",
        }
    },
    "ACCOUNT": {
        "navigation": [
            {"title": "Your account", "link": "/admin/account/"},
            {"title": "API documentation", "link": "/api/docs"},
        ]
    },
    "SIDEBAR": {"navigation": "helpdesk.navigation.sidebar"},
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": asset("favicon.svg")}],
    "STYLES": [
        asset(f"admin/{name}.css") for name in ("helpdesk", "frame", "lists", "settings", "articles", "people", "print")
    ],
    "SCRIPTS": [asset("admin/helpdesk.js"), asset("admin/trouble.js"), asset("admin/anywhere.js")],
}

# --- Language and time ----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("HELPDESK_LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": ["console"], "propagate": False},
        "django-q": {"level": "WARNING"},  # it has something to say about every job
    },
}
