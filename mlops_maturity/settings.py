"""Settings, all from the environment; docs/operations.md lists every variable."""

from __future__ import annotations

from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_EVAL
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from environs import validate
from redis.backoff import NoBackoff
from redis.retry import Retry

from mlops_maturity.env import (
    CHECKOUT,
    all_or_none,
    email_address,
    email_url,
    environment,
    hard_to_guess,
    issuer_url,
    origin_of,
    postgres_url,
    redis_url,
    secret,
    sentry_dsn,
    site_url,
)
from mlops_maturity.monitoring import configure_structlog, logging_config, start_sentry

with environment() as env:
    DEBUG = env.bool("DEBUG", False)
    SECRET_KEY = env.str("SECRET_KEY", validate=[] if DEBUG else secret)
    BASE_URL = env.str("BASE_URL", validate=site_url)
    ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [urlsplit(BASE_URL).hostname])
    env.str("DATABASE_URL", validate=postgres_url)
    DATABASES = {"default": env.dj_db_url("DATABASE_URL") | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}}
    DATABASE_POOLER = env.bool("DATABASE_POOLER", False)
    # A host that does not even refuse is given up on while whoever asked still waits.
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5} | DATABASES["default"].get("OPTIONS", {})
    REDIS_URL = env.str("REDIS_URL", validate=redis_url)
    env.str("EMAIL_URL", validate=email_url)
    _email = env.dj_email_url("EMAIL_URL")
    DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", f"MLOps Maturity <noreply@{urlsplit(BASE_URL).hostname}>")
    BOUNCES_TO = env.str("BOUNCES_TO", "", validate=email_address)
    LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"]))
    TRUST_PROXY = env.bool("TRUST_PROXY", False)
    METRICS_TOKEN = env.str("METRICS_TOKEN", "", validate=hard_to_guess)
    SENTRY_DSN = env.str("SENTRY_DSN", "", validate=sentry_dsn)
    CHECK_BREACHED_PASSWORDS = env.bool("CHECK_BREACHED_PASSWORDS", not DEBUG)
    OIDC_NAME = env.str("OIDC_NAME", "")
    OIDC_ISSUER_URL = env.str("OIDC_ISSUER_URL", "", validate=issuer_url)
    OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
    OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
    all_or_none(
        OIDC_NAME=OIDC_NAME,
        OIDC_ISSUER_URL=OIDC_ISSUER_URL,
        OIDC_CLIENT_ID=OIDC_CLIENT_ID,
        OIDC_CLIENT_SECRET=OIDC_CLIENT_SECRET,
    )

# A pooler may end a cursor between two requests for its rows, and knows no options of a session.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER
if not DATABASE_POOLER:
    # Where this has no value, each trigger's look at it fails and rolls back a subtransaction, which goes through all
    # checks that are deferred to the commit: the rows of a transaction would cost the square of their number.
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c pgtrigger.ignore={}")

HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "mlops_maturity",
    "organizations",
    "assessments",
    "roadmaps",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "crispy_bootstrap5",
    "crispy_forms",
    "csp",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "pghistory",
    "pgtrigger",
    "template_partials",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    # These come first, so that what the others refuse has their headers too.
    "mlops_maturity.middleware.ContentSecurityPolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "mlops_maturity.middleware.same_origin_resources",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mlops_maturity.middleware.RequestLog",
    "mlops_maturity.middleware.limited_body",
    "mlops_maturity.middleware.no_null_characters",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "mlops_maturity.middleware.private_pages",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "organizations.audit.context.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mlops_maturity.sessions.seen_sessions",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "mlops_maturity.errors.own_not_allowed",
    "mlops_maturity.errors.readable_form",
    *(["mlops_maturity.errors.own_not_found"] if DEBUG else []),
]

ROOT_URLCONF = "mlops_maturity.urls"
WSGI_APPLICATION = "mlops_maturity.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [CHECKOUT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "organizations.context_processors.my_organizations",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
FORMAT_MODULE_PATH = ["mlops_maturity.formats"]
LOCALE_PATHS = [CHECKOUT / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = CHECKOUT / "staticfiles"
STATICFILES_DIRS = [CHECKOUT / "static"]
WHITENOISE_USE_FINDERS = DEBUG
# No other site reads our files by script.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Seconds; a Redis that takes connections and answers nothing would hold up whoever waits for it for ever.
REDIS_PATIENCE = {"socket_timeout": 3, "socket_connect_timeout": 3}
CACHES = {
    "default": {
        "BACKEND": "mlops_maturity.caches.RedisOrMemory",
        "LOCATION": REDIS_URL,
        # Once more, on another connection: Redis may have been started anew.
        "OPTIONS": {**REDIS_PATIENCE, "retry": Retry(NoBackoff(), 1)},
    }
}

AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "mlops_maturity.passwords.SimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Where the service does not answer within a second, the list of common passwords has to do.
PWNED_PASSWORDS = {"API_TIMEOUT": 1.0}
BREACHED_PASSWORD_VALIDATOR = {
    "NAME": "pwned_passwords_django.validators.PwnedPasswordsValidator",
    "OPTIONS": {"error_message": _("This password is on lists of stolen passwords. Choose another one.")},
}
if CHECK_BREACHED_PASSWORDS:
    AUTH_PASSWORD_VALIDATORS.append(BREACHED_PASSWORD_VALIDATOR)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "mlops_maturity.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Codes are typed where they were asked for, so that sign-up goes on there (docs/decisions/0012).
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "authenticate": "mlops_maturity.second_factor.LogInForm",
    "reauthenticate": "mlops_maturity.second_factor.ConfirmForm",
    "activate_totp": "mlops_maturity.second_factor.SwitchOnForm",
}
MFA_TOTP_ISSUER = "MLOps Maturity"
# A code that changes while it is typed still counts.
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys without https at localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
# Whoever runs the installation chose the provider: it says whose an address is (docs/decisions/0013).
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sign-on",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER_URL},
            }
        ]
        if OIDC_NAME
        else [],
    }
}

# A closed laptop must not cost a visitor their answers: a try-out lives as long as the session that holds it.
SESSION_COOKIE_AGE = 60 * 24 * 3600
# A log-in ends after so long without a click, and after so long in any case.
LOG_IN_IDLE_AGE = 14 * 24 * 3600
LOG_IN_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:  # browsers take such a cookie from this host alone, not from one beside or below it
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_FAILURE_VIEW = "mlops_maturity.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        # A form that leads to the sign-on provider is redirected there.
        "form-action": [SELF, *([origin_of(OIDC_ISSUER_URL)] if OIDC_ISSUER_URL else [])],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "manifest-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}
# django-unfold builds on Alpine.js, which evaluates the expressions in attributes (docs/decisions/0038).
CONTENT_SECURITY_POLICY_OF_ADMIN = {"script-src": [SELF, UNSAFE_EVAL]}
# Passkeys are used; nothing else that a browser could lend a page is.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "publickey-credentials-create": ["self"],
    "publickey-credentials-get": ["self"],
} | {
    feature: []
    for feature in (
        "accelerometer",
        "autoplay",
        "camera",
        "display-capture",
        "encrypted-media",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
}
# Text of forms; a whole body, with files; the fields of a survey page, or of a long list in the administration.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
MAX_BODY_BYTES = 5 * 1024**2
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 5

EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email["EMAIL_HOST"]
EMAIL_PORT = _email["EMAIL_PORT"]
EMAIL_HOST_USER = _email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = _email["EMAIL_USE_SSL"]
EMAIL_FILE_PATH = _email["EMAIL_FILE_PATH"]
EMAIL_TIMEOUT = 20
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Mails a day to addresses that people type: of one sender, of one organization, of one organization to one address.
MAIL_LIMITS = {
    "invitation": {"user": 100, "organization": 200, "address": 10},
    "round": {"user": 2000, "organization": 5000, "address": 10},
    "test": {"user": 20, "organization": 50, "address": 20},
}
# Of all organizations together to one address; further ones wait for the next day.
MAILS_TO_AN_ADDRESS = 20
# That a web address is taken tells that there is such an organization: nobody tries a list of names.
WEB_ADDRESSES_A_DAY = 20

# Where reminders are told of over http on this machine; for tests alone.
WEBHOOKS_TO_LOOPBACK = False

# Pages that only show something change nothing, and those for everybody must not ask whose cookie came along.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

# Celery has a scheme of its own for a Unix socket.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_PATIENCE
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1}
# Keeps no file of last runs, which a crash could leave broken: hence times of the day, not intervals.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    "send-due-reminders": {
        "task": "assessments.tasks.send_due_reminders",
        "schedule": crontab(),
        # The next minute's does the same: none piles up while there is no worker.
        "options": {"expires": 55},
    },
    "note-beat": {
        "task": "mlops_maturity.tasks.note_beat",
        "schedule": crontab(),
        "options": {"expires": 55},
    },
    "purge-reminders": {
        "task": "assessments.tasks.purge_reminders",
        "schedule": crontab(hour="3", minute="37"),
    },
    "purge-abandoned-responses": {
        "task": "assessments.tasks.purge_abandoned_responses",
        "schedule": crontab(hour="3", minute="17"),
    },
    "open-and-close-due-rounds": {
        "task": "assessments.tasks.open_and_close_due_rounds",
        "schedule": crontab(),
    },
    "invite-who-waits": {
        "task": "assessments.tasks.invite_who_waits",
        "schedule": crontab(minute="41"),
    },
    "send-postponed-invitations": {
        "task": "organizations.tasks.send_postponed_invitations",
        "schedule": crontab(minute="47"),
    },
    "take-benchmark-snapshots": {
        "task": "assessments.tasks.take_benchmark_snapshots",
        "schedule": crontab(hour="4", minute="23"),
    },
    "purge-expired": {
        "task": "organizations.tasks.purge_expired",
        "schedule": crontab(hour="3", minute="27"),
    },
    "delete-due-organizations": {
        "task": "organizations.tasks.delete_due_organizations",
        "schedule": crontab(minute="37"),
    },
}

configure_structlog()
LOGGING = logging_config(level=LOG_LEVEL, plain=DEBUG)
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
if SENTRY_DSN:
    start_sentry(SENTRY_DSN)


def _admin_link(title: object, icon: str, model: str) -> dict[str, object]:
    """An entry of the administration's sidebar, for those who may see what it leads to."""
    app, _dot, name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD = {
    "SITE_TITLE": "MLOps Maturity",
    "SITE_HEADER": "MLOps Maturity",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_URL": reverse_lazy("home"),
    "SITE_SYMBOL": "bar_chart",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}],
    # In admin.css: from here they would stand in each page, as an inline style. No dict, which its own would join.
    "COLORS": lambda request: {},
    "STYLES": [lambda request: static("css/admin.css")],
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": _("Organizations"),
                "items": [
                    _admin_link(_("Organizations"), "apartment", "organizations.organization"),
                    _admin_link(_("Teams"), "groups", "organizations.team"),
                    _admin_link(_("Members"), "badge", "organizations.member"),
                    _admin_link(_("Invitations"), "forward_to_inbox", "organizations.invitation"),
                ],
            },
            {
                "title": _("Assessments"),
                "items": [
                    _admin_link(_("Questionnaires"), "quiz", "assessments.questionnaire"),
                    _admin_link(_("Versions"), "history", "assessments.questionnaireversion"),
                    _admin_link(_("Rounds"), "event_repeat", "assessments.round"),
                    _admin_link(_("Participants"), "person_check", "assessments.participant"),
                    _admin_link(_("Responses"), "checklist", "assessments.response"),
                    _admin_link(_("Results"), "leaderboard", "assessments.result"),
                    _admin_link(_("Badges"), "verified", "assessments.badge"),
                    _admin_link(_("Reminder schedules"), "event_upcoming", "assessments.reminderschedule"),
                    _admin_link(_("Reminders"), "outgoing_mail", "assessments.reminder"),
                    _admin_link(_("Webhooks"), "webhook", "assessments.reminderhook"),
                    _admin_link(_("Mail preferences"), "unsubscribe", "assessments.subscription"),
                ],
            },
            {
                "title": _("Accounts"),
                "items": [
                    _admin_link(_("Users"), "person", "organizations.user"),
                    _admin_link(_("Email addresses"), "mail", "account.emailaddress"),
                    _admin_link(_("Second factors"), "key", "mfa.authenticator"),
                    _admin_link(_("Groups"), "admin_panel_settings", "auth.group"),
                ],
            },
        ],
    },
}
