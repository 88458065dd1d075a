"""Settings of the OID-style store, read from the environment (a table of them is in README.md)."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent

PORTAL_ENV = env.str("PORTAL_ENV", "development")
if PORTAL_ENV not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"PORTAL_ENV is {PORTAL_ENV!r}: use development, test or production.")
PRODUCTION = PORTAL_ENV == "production"

DEBUG = False
SECRET_KEY = env.str("OID_STORE_SECRET_KEY", "" if PRODUCTION else "not-a-secret-outside-development-of-the-store")
if not SECRET_KEY:
    raise ImproperlyConfigured("OID_STORE_SECRET_KEY is required with PORTAL_ENV=production.")
ALLOWED_HOSTS = env.list(
    "OID_STORE_ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "oid-store"]
)
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("OID_STORE_ALLOWED_HOSTS is required with PORTAL_ENV=production (comma separated).")

# Faults on demand exist for rehearsals; a register of record must never be able to lie.
FAULTS = env.bool("OID_STORE_FAULTS", False)
if FAULTS and PRODUCTION:
    raise ImproperlyConfigured("OID_STORE_FAULTS=1 is refused with PORTAL_ENV=production: unset one of the two.")

# "key:certifier code, key:certifier code": loaded by the commands `load_keys` and `prepare`.
API_KEYS = env.str("OID_STORE_API_KEYS", "")

# Rules of the register. Those that no public source settles are settings.
NOP_PREFIX_RULE = env.str("OID_STORE_NOP_PREFIX_RULE", "warn")
if NOP_PREFIX_RULE not in {"warn", "reject"}:
    raise ImproperlyConfigured("OID_STORE_NOP_PREFIX_RULE must be warn or reject.")
MAX_PERIOD_MONTHS = env.int("OID_STORE_MAX_PERIOD_MONTHS", 18)
MAX_BACKDATE_DAYS = env.int("OID_STORE_MAX_BACKDATE_DAYS", 30)
ACTUALS_GRACE_DAYS = env.int("OID_STORE_ACTUALS_GRACE_DAYS", 7)
STANDARDS = frozenset(
    env.list("OID_STORE_STANDARDS", default=["USDA", "USDA-NOP", "COR", "EU", "UK", "CH", "JAS", "KR", "TW"])
)

# Calls a minute for each key, and for each address without a valid key; 0 = no limit.
RATE_PER_MINUTE = env.int("OID_STORE_RATE_PER_MINUTE", 3000)
ANONYMOUS_RATE_PER_MINUTE = env.int("OID_STORE_ANONYMOUS_RATE_PER_MINUTE", 120)

_database_url = env.str(
    "OID_STORE_DATABASE_URL", "" if PRODUCTION else "postgresql://oid_store@127.0.0.1:5432/oid_store"
)
if not _database_url:
    raise ImproperlyConfigured("OID_STORE_DATABASE_URL is required with PORTAL_ENV=production.")
_database = env.db_url_config(_database_url)
if _database["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("OID_STORE_DATABASE_URL must be a postgresql:// address.")
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 0,
        # A connection that died in the pool is noticed before it is used, so that a restarted database costs no call.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "connect_timeout": 5,
            "application_name": "oid_store",
            "options": "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s",
            "pool": {"min_size": 1, "max_size": env.int("OID_STORE_DATABASE_POOL", 8), "timeout": 3},
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = ["django.contrib.staticfiles", "rest_framework", "drf_spectacular", "oid_store"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "oid_store.api.middleware.CallMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "oid_store.urls"
WSGI_APPLICATION = "oid_store.wsgi.application"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers then send "Origin: null" with the form, which the CSRF check rightly refuses.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_NAME = "oid_store_csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("OID_STORE_BEHIND_TLS_PROXY", False) else None
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["oid_store.api.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["oid_store.api.authentication.HasKey"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "oid_store.api.errors.coded_answer",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OID-style store",
    "VERSION": "1",
    "DESCRIPTION": "Records of NOP Import Certificates: register, find, amend, report actuals, void, follow changes.",
    "OAS_VERSION": "3.1.1",
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ChangeKind": "oid_store.models.ChangeKind.values",
        "CallKind": "oid_store.models.CallKind.values",
        "ActualKind": "oid_store.domain.actuals.KINDS",
        "FaultKind": "oid_store.models.FaultKind.values",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("OID_STORE_LOG_LEVEL", "INFO")},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "ERROR"}},
}
