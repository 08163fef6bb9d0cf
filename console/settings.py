"""Django's settings, from the environment and from what the running copy wrote into its data directory."""

import hashlib
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue
from psycopg.conninfo import conninfo_to_dict

from console.processes.home import Home, HomeError
from console.processes.patience import Patient
from transport import memory
from transport.deliver.database import KEEPS_TRYING, Pooled
from transport.log_lines import FORMAT
from transport.node import minimum_free, transports, workers
from transport.postgresql import lively
from transport.redis_address import Pool, RedisAddress

memory.load()

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    HOME = Home.of_environment()
    _running = HOME.running()
    GATEPOST_SECRET_KEY = HOME.secret_key()
except HomeError as error:
    raise ImproperlyConfigured(str(error)) from error

GATEPOST_HOME = HOME.path
GATEPOST_NODE = os.environ.get("GATEPOST_NODE") or socket.gethostname()
try:
    GATEPOST_MINIMUM_FREE = minimum_free()
    transports(), workers()  # whoever asks whether the settings can be read hears of these, too
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
GATEPOST_DOMAIN = os.environ.get("GATEPOST_DOMAIN") or "gatepost.test"
GATEPOST_CONSOLE = os.environ.get("GATEPOST_CONSOLE") or _running.get("console") or "127.0.0.1:8000"
GATEPOST_SMTP = os.environ.get("GATEPOST_SMTP") or "127.0.0.1:2525,[::1]:2525"
REDIS_URL = os.environ.get("REDIS_URL") or _running.get("redis_url") or "redis://127.0.0.1:6379/0"
try:
    DATABASE_URL = lively(
        os.environ.get("DATABASE_URL") or _running.get("database_url") or "postgresql://127.0.0.1/gatepost"
    )
    _broker = RedisAddress.parse(REDIS_URL).broker
except OSError as error:
    raise ImproperlyConfigured(str(error)) from None

# The console's address as browsers see it, when it stands behind a proxy with TLS: https://mail-admin.example.com
_public = urlsplit(os.environ.get("GATEPOST_CONSOLE_URL") or "")
_host, _, _port = GATEPOST_CONSOLE.rpartition(":")
CONSOLE_URL = f"{_public.scheme}://{_public.netloc}" if _public.hostname else f"http://{GATEPOST_CONSOLE}"

SECRET_KEY = hashlib.sha256(b"gatepost django " + GATEPOST_SECRET_KEY.encode()).hexdigest()
DEBUG = os.environ.get("GATEPOST_DEBUG") == "1"

if _public.hostname:
    ALLOWED_HOSTS = [_public.hostname, "127.0.0.1", "localhost", "[::1]"]
elif _host in ("0.0.0.0", "[::]"):
    ALLOWED_HOSTS = ["*"]
else:
    ALLOWED_HOSTS = [_host, socket.gethostname(), "127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "console.processes",
    "console.crud",
    "console.accounts",
    "console.audit",
    "console.overview",
    "console.publishing",
    "console.credentials",
    "console.connectors",
    "console.domains",
    "console.protection",
    "console.certificates",
    "console.acme",
    "console.directory",
    "console.users",
    "console.kerberos",
    "console.dkim",
    "console.mailboxes",
    "console.tracking",
    "console.what_if",
    "console.replay",
    "console.queues",
    "console.tls",
    "console.relay_proof",
    "console.backups",
    "console.mail_server",
    "console.commands",
    "console.drafts",
    "console.moving_in",
    "console.management_shell",
    "console.transport_settings",
    "console.system_messages",
]

MIDDLEWARE = [
    "console.acme.well_known.WellKnown",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "console.overview.away.Away",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.accounts.preferences.ReadersPreferences",
    "console.accounts.kept_entries.SignInRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "console.drafts.in_draft.InDraft",
    "console.crud.errors_again.ErrorsAgain",
    "console.commands.show_commands.ShowCommands",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"

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
            ],
        },
    },
]

# A request under ASGI gets a thread of its own, so that only a pool can keep connections from one request to the next.
# A command has one thread and ends soon.
IS_COMMAND = Path(sys.argv[0]).name == "manage.py"
POOL: dict[str, object] = {"min_size": 1, "max_size": 20, "timeout": 5, "connection_class": Pooled, **KEEPS_TRYING}
if "uvicorn" in sys.argv[0]:
    POOL["connection_class"] = Patient  # somebody waits for a page; delivery goes on when PostgreSQL does


def database(url: str) -> dict[str, object]:
    """Django's form of a `postgresql://` address (any libpq parameter may stand in its query)."""
    parts = conninfo_to_dict(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    places = {name: str(parts.pop(key, "") or "") for name, key in names.items()}
    options = {"connect_timeout": 5, **parts, "pool": None if IS_COMMAND else POOL}
    return {"ENGINE": "django.db.backends.postgresql", **places, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": [REDIS_URL],  # a text would be cut at its commas
        "KEY_PREFIX": "gatepost",
        "OPTIONS": {"pool_class": Pool, "socket_timeout": 3, "socket_connect_timeout": 3},
    },
}

# Redis redelivers a task that no worker acknowledged: the sweep must look often (kombu sweeps every interval × throttle
# seconds), and only for tasks older than the longest one.

CELERY_BROKER_URL, CELERY_BROKER_USE_SSL = _broker.url, _broker.tls
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 15,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    **_broker.options,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "gatepost"
# Next hops have threads of their own. (A queue without its own exchange and key would get the default one's tasks.)
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("gatepost", "gatepost-outbound")]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULER = "console.processes.beat.MonotonicScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {}
CELERY_TIMEZONE = "UTC"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "overview:home"
LOGOUT_REDIRECT_URL = LOGIN_URL

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "console" / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# `prepare` lays compressed copies with names that change with the content into the data directory, for browsers to keep
# for good; where it did not run, the server has the files as they are, as tests have.
_serves = "uvicorn" in Path(sys.argv[0]).parts
_laid_out = _serves and (GATEPOST_HOME / "static" / "staticfiles.json").exists()
_hashed = _laid_out or bool({"prepare", "collectstatic"} & {*sys.argv})
STATIC_ROOT = GATEPOST_HOME / "static" if _hashed else None
WHITENOISE_USE_FINDERS = not _laid_out
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _hashed
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Browsers keep cookies apart by host but not by port: two copies on one machine need two names.
SESSION_COOKIE_NAME = f"gatepost_session_{_port}"
CSRF_COOKIE_NAME = f"gatepost_csrf_{_port}"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "console.overview.errors.stale_form"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.hostname else []
SECURE_HSTS_SECONDS = 365 * 86400 if _public.scheme == "https" else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "transport.log_lines.OneLine",
            "format": FORMAT,
        },
    },
    "filters": {
        "not_about_health": {"()": "console.processes.log_lines.NotAboutHealth"},
        "refused_in_one_line": {"()": "console.processes.log_lines.RefusedInOneLine"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["not_about_health", "refused_in_one_line"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
    },
}
