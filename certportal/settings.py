"""Settings of the portal, read from the environment. `docs/configuration.md` lists each variable."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from certportal.secret_files import SecretFileError, read_secret_files
from certportal.settings_fixed import LOGGING, REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401 - Django reads them here

env = environ.Env()
try:
    read_secret_files(environ.Env.ENVIRON)
except SecretFileError as error:
    raise ImproperlyConfigured(str(error)) from error
BASE_DIR = Path(__file__).resolve().parent.parent

PORTAL_ENV = env.str("PORTAL_ENV", default="production")
if PORTAL_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured("PORTAL_ENV must be development, test or production.")
PRODUCTION = PORTAL_ENV == "production"
DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 12):
    raise ImproperlyConfigured("SECRET_KEY must be random and of at least 50 characters in production.")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEY")
PORTAL_PUBLIC_ORIGIN = env.str("PORTAL_PUBLIC_ORIGIN", default="http://127.0.0.1:8000").rstrip("/")
PORTAL_DATA_DIR = Path(env.str("PORTAL_DATA_DIR", default=str(BASE_DIR / ".portal" / "data")))
ALLOWED_HOSTS = env.list("PORTAL_ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = [PORTAL_PUBLIC_ORIGIN]
#: Demo accounts, the demo signing key and fault injection exist outside production only.
DEMO_ALLOWED = not PRODUCTION

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "csp",
    "django_htmx",
    "django_structlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "core",
    "organizations",
    "pvf",
    "requests_app",
    "certificates",
    "review",
    "oid_sync",
    "certportal",
]

MIDDLEWARE = [
    "certportal.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "organizations.sign_on.middleware.SignOnMiddleware",
    "organizations.middleware.IdentityMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "organizations.middleware.AccessMiddleware",
]

ROOT_URLCONF = "certportal.urls"
WSGI_APPLICATION = "certportal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "certportal.navigation.navigation",
                "certificates.banner.outage",
            ],
        },
    },
]
FORM_RENDERER = "core.forms.PortalFormRenderer"

# --- PostgreSQL: the one engine. Processes connect as the restricted role; only migrations as the owner. ---
DATABASE_ROLE = env.str("PORTAL_DB_ROLE", default="app")
DATABASES = {"default": env.db_url("DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL")}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = env.int("PORTAL_CONN_MAX_AGE", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})["connect_timeout"] = 10
#: Off behind a connection pooler that knows no prepared statements.
PREPARE_STATEMENTS = env.bool("PORTAL_PREPARE_STATEMENTS", default=True)
DATABASES["default"]["ATOMIC_REQUESTS"] = False
#: The role that web and workers use: grants and row policies are made for it.
APP_DATABASE_ROLE = env.str("PORTAL_APP_ROLE", default=env.db_url("DATABASE_URL")["USER"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Valkey or Redis: wakes workers and holds caches, never the record. ---
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "global_keyprefix": env.str("CELERY_KEY_PREFIX", default=""),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
#: Celery would end a worker's connection to the database before and after every task; a new one costs more than most
#: tasks. It ends by its age instead, as in web (see certportal/celery.py).
CELERY_DB_REUSE_MAX = sys.maxsize

#: Loops by the name they are woken with: task and queue. Upper floors are woken by name and never imported.
WAKE_TASKS = {
    "notifications": ("core.tasks.send_notifications", "default"),
    "registration": ("oid_sync.tasks.run_registration", "oid"),
    "oid_calls": ("oid_sync.tasks.run_calls", "oid"),
    "documents": ("certificates.tasks.make_document", "documents"),
    "continuity": ("certificates.tasks.make_continuity", "documents"),
    "suspension": ("certificates.tasks.run_suspension", "default"),
    "directory": ("organizations.tasks.run_directory_import", "default"),
    "reading_copies": ("certificates.tasks.make_reading_copy", "documents"),
    "statements": ("certificates.tasks.make_statement", "documents"),
    "previews": ("certificates.tasks.make_preview", "documents"),
    "bundles": ("certificates.tasks.make_bundle", "documents"),
    "scans": ("core.tasks.scan_files", "default"),
    "reconciliation": ("oid_sync.tasks.run_reconciliation", "default"),
}
#: Loops whose task does all that waits for one certifier: one message for many rows.
WAKE_TOGETHER = {"notifications", "suspension"}
SWEEP_SECONDS = env.int("PORTAL_SWEEP_SECONDS", default=10)
#: Every so many seconds instead of nightly, where given.
RECONCILE_SECONDS = env.int("PORTAL_RECONCILE_SECONDS", default=0)
#: Most rows that one transaction of a reconciliation compares.
RECONCILE_SLICE_ROWS = env.int("PORTAL_RECONCILE_SLICE_ROWS", default=20_000)
CELERY_BEAT_SCHEDULE = {
    "sweep-notifications": {"task": "core.tasks.sweep_notifications", "schedule": SWEEP_SECONDS},
    "seal-audit": {"task": "core.tasks.seal_audit", "schedule": SWEEP_SECONDS},
    "publish-audit-heads": {"task": "core.tasks.publish_audit_heads", "schedule": crontab(minute="5")},
    "sweep-scans": {
        "task": "core.tasks.sweep_scans",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
    "sweep-registration": {
        "task": "oid_sync.tasks.sweep_registration",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "oid", "expires": SWEEP_SECONDS},
    },
    "sweep-documents": {
        "task": "certificates.tasks.sweep_documents",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "documents", "expires": SWEEP_SECONDS},
    },
    "sweep-endings": {
        "task": "certificates.tasks.sweep_endings",
        "schedule": env.int("PORTAL_ENDINGS_SECONDS", default=3600),
    },
    "sweep-signing-keys": {"task": "certificates.tasks.sweep_signing_keys", "schedule": 3600},
    "sweep-suspension": {"task": "certificates.tasks.sweep_suspension", "schedule": 60},
    "sweep-delegations": {"task": "organizations.tasks.sweep_delegations", "schedule": 3600},
    "sweep-directory": {"task": "organizations.tasks.sweep_directory_imports", "schedule": 60},
    "sweep-statements": {
        "task": "certificates.tasks.sweep_statements",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "documents"},
    },
    "sweep-made-files": {
        "task": "certificates.tasks.sweep_made_files",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "documents"},
    },
    "forget-lookups": {"task": "certificates.tasks.forget_lookups", "schedule": crontab(hour="3", minute="20")},
    "sweep-reading-copies": {
        "task": "certificates.tasks.sweep_reading_copies",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "documents"},
    },
    "nightly-reconciliation": {
        "task": "oid_sync.tasks.start_nightly_reconciliation",
        "schedule": RECONCILE_SECONDS or crontab(hour="2", minute="30"),
    },
    "drift-digest": {"task": "oid_sync.tasks.send_drift_digests", "schedule": crontab(minute="10")},
    "sweep-reconciliation": {"task": "oid_sync.tasks.sweep_reconciliation", "schedule": 60},
}
#: Leases of work in flight: twice the time limit of the call or rendering.
DOCUMENT_LEASE_SECONDS = env.int("PORTAL_DOCUMENT_LEASE_SECONDS", default=120)
DOCUMENT_MAX_ATTEMPTS = 5
#: How long what was made for one person is kept: previews, ZIP files of documents; and how many certificates one holds.
PREVIEW_MINUTES = env.int("PORTAL_PREVIEW_MINUTES", default=60)
BUNDLE_HOURS = env.int("PORTAL_BUNDLE_HOURS", default=24)
BUNDLE_MAX = env.int("PORTAL_BUNDLE_MAX", default=1000)
#: Questions at the public check within ten minutes: of one caller, of all together; days that they are remembered.
CHECK_LIMIT = env.int("PORTAL_CHECK_LIMIT", default=30)
CHECK_LIMIT_ALL = env.int("PORTAL_CHECK_LIMIT_ALL", default=3000)
CHECK_LOG_DAYS = env.int("PORTAL_CHECK_LOG_DAYS", default=730)
#: What ``manage.py retention`` may take away is older than this. Records are kept for five years at least (7 CFR 205.103,
#: 205.510), a certifier's own about operations for ten.
RETENTION_YEARS = env.int("PORTAL_RETENTION_YEARS", default=10)
if RETENTION_YEARS < 5:
    raise ImproperlyConfigured("PORTAL_RETENTION_YEARS must be at least 5: 7 CFR 205.103 and 205.510 ask for that.")
OID_CALL_SECONDS = env.int("PORTAL_OID_CALL_SECONDS", default=10)
#: Calls to OID that may be under way at the same time in its worker, which has some threads more: they prepare and record.
#: A pool of threads knows no time limit of a task, and needs none: every call has its own, and a lease.
OID_IN_FLIGHT = env.int("PORTAL_OID_IN_FLIGHT", default=16)
OID_STORE_URL = env.str("OID_STORE_URL", default="")
#: Connectors to OID: modules with a ``KIND`` (docs/connectors.md).
OID_CONNECTORS = env.list("PORTAL_OID_CONNECTORS", default=["oid_sync.connectors.http", "oid_sync.connectors.assisted"])
#: Each of them brings its own templates.
TEMPLATES[0]["DIRS"] += [  # type: ignore[operator]
    Path(spec.origin).parent / "templates" for spec in map(find_spec, OID_CONNECTORS) if spec and spec.origin
]
#: Failures one after another after which a certifier's calls rest, and the first pause in seconds.
OID_CIRCUIT_FAILURES = env.int("PORTAL_OID_CIRCUIT_FAILURES", default=5)
OID_CIRCUIT_SECONDS = env.int("PORTAL_OID_CIRCUIT_SECONDS", default=15)
#: Keys of the demo certifiers at the store ("key:certifier code"); in production keys are entered per certifier.
OID_STORE_API_KEYS: list[str] = [] if PRODUCTION else env.list("OID_STORE_API_KEYS", default=[])
DOCUMENT_DEMO_KEY = env.str("DOCUMENT_DEMO_KEY", default="")
if PRODUCTION and DOCUMENT_DEMO_KEY:
    raise ImproperlyConfigured("DOCUMENT_DEMO_KEY must not be set in production: install the certifier's own key.")

# --- signing: servers that it asks. The operator's alone: certificates are uploaded, and name whatever address they like. ---
TIMESTAMP_URL = env.str("PORTAL_TIMESTAMP_URL", default="")
#: PEM file: what the time-stamp server's certificate must lead to.
TIMESTAMP_CA = env.str("PORTAL_TIMESTAMP_CA", default="")
REVOCATION_HOSTS = env.list("PORTAL_REVOCATION_HOSTS", default=[])
SIGNING_CALL_SECONDS = env.int("PORTAL_SIGNING_CALL_SECONDS", default=10)
if TIMESTAMP_URL and not Path(TIMESTAMP_CA).is_file():
    raise ImproperlyConfigured(
        "PORTAL_TIMESTAMP_URL needs PORTAL_TIMESTAMP_CA: a PEM file with the server's authority."
    )

# --- people ---
AUTH_USER_MODEL = "organizations.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_REDIRECT_URL = "home"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "organizations.adapter.AccountAdapter"
MFA_ADAPTER = "organizations.adapter.MfaAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
#: How long a proof of who acts is fresh enough for what is sensitive.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 60 * env.int("PORTAL_REAUTHENTICATION_MINUTES", default=30)
#: Time limit of a call to a certifier's identity provider, in seconds; and hosts of the own network that may be one.
SIGN_ON_SECONDS = env.int("PORTAL_SIGN_ON_SECONDS", default=5)
SIGN_ON_PRIVATE_HOSTS = env.list("PORTAL_SIGN_ON_PRIVATE_HOSTS", default=[])
#: A person is told by mail when their password or their second step changes.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
#: Browsers take http://localhost for safe; every other plain-HTTP origin is refused by them and, in production, by us.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "CertPortal"
if DEMO_ALLOWED:
    MFA_FORMS = {
        "authenticate": "certportal.demo.sign_in.AuthenticateForm",
        "reauthenticate": "certportal.demo.sign_in.ReauthenticateForm",
    }
#: Log lines name the caller whom audit rows name (certportal/callers.py); the library would believe the caller itself.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PORTAL_TRUSTED_PROXIES", default=0)

EMAIL_HOST = env.str("EMAIL_HOST", default="127.0.0.1")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("PORTAL_MAIL_FROM", default="certportal@localhost")

# --- languages, time ---
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = ["certportal.formats"]
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static and stored files ---
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("PORTAL_STATIC_ROOT", default=str(BASE_DIR / ".portal" / "static")))
STATICFILES_DIRS: list[object] = [BASE_DIR / "static"]
_USWDS = BASE_DIR / "node_modules" / "@uswds" / "uswds" / "dist"
if _USWDS.is_dir():
    STATICFILES_DIRS.append(("uswds", _USWDS))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PORTAL_DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STORED_IN_S3 = env.str("PORTAL_FILES", default="local") == "s3"
if STORED_IN_S3:
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.str("PORTAL_S3_BUCKET"),
            "endpoint_url": env.str("PORTAL_S3_ENDPOINT", default="") or None,
            "region_name": env.str("PORTAL_S3_REGION", default="") or None,
            "access_key": env.str("PORTAL_S3_KEY", default="") or None,
            "secret_key": env.str("PORTAL_S3_SECRET", default="") or None,
            "default_acl": None,
            # names are hashes or ids of ours: what is written again is the same
            "file_overwrite": True,
            "signature_version": "s3v4",
            "addressing_style": "path",
        },
    }
if PORTAL_ENV == "test" and not env.bool("PORTAL_MANIFEST_STATIC", default=False):
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Every browser asks for the hashed name, in woff2; source maps are for nobody but developers. Compressing all of it takes
# 40 s of each first start.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_USE_FINDERS = PORTAL_ENV == "test"
# Without it every test client that is made walks all of the design system's files: half a second each.
WHITENOISE_AUTOREFRESH = PORTAL_ENV == "test"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [
    *("jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "tgz", "bz2", "tbz", "xz", "br", "woff", "woff2"),
    *("map", "ttf", "eot", "txt"),
]
# said outright, so that no umask of whoever starts a process decides it
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
FILE_UPLOAD_HANDLERS = ["core.uploads.BoundedUploadHandler"]
#: Of one file; of all files of one request; files of one object (a request, a draft) and of one request.
UPLOAD_MAX_BYTES = 20 * 1024 * 1024
UPLOAD_MAX_REQUEST_BYTES = 60 * 1024 * 1024
#: OID's workbook of a month, on the one page that takes it in (30 to 40 MB so far).
DIRECTORY_MAX_BYTES = 150 * 2**20
#: Whole bodies, with what a form puts round its files; deploy/Caddyfile refuses larger ones with the same numbers.
BODY_MAX_BYTES = 64 * 2**20
DIRECTORY_BODY_MAX_BYTES = DIRECTORY_MAX_BYTES + 2 * 2**20
UPLOAD_MAX_FILES = DATA_UPLOAD_MAX_NUMBER_FILES = 30
#: What one exporter may hand in within 24 hours.
UPLOAD_DAY_FILES = env.int("PORTAL_UPLOAD_DAY_FILES", default=1000)
UPLOAD_DAY_BYTES = env.int("PORTAL_UPLOAD_DAY_MB", default=2048) * 1024 * 1024
#: Where clamd listens ("host:port", or the path of its socket); empty: uploads are not scanned for viruses.
CLAMD = env.str("PORTAL_CLAMD", default="")
CLAMD_SECONDS = env.int("PORTAL_CLAMD_SECONDS", default=60)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- security ---
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
_HTTPS = PORTAL_PUBLIC_ORIGIN.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _HTTPS
if _HTTPS:
    # a browser takes such a name from this host alone, over HTTPS, for the whole site: no neighbour can plant one
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
if PRODUCTION:
    if not _HTTPS:
        raise ImproperlyConfigured("PORTAL_PUBLIC_ORIGIN must be an https:// address in production.")
    # other subdomains, and the browsers' own list, are for the owner of the domain to decide, in the proxy
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SECURE_SSL_REDIRECT = env.bool("PORTAL_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
