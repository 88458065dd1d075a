"""Settings that no environment changes: the API, its schema, the log."""

from __future__ import annotations

# --- API ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["certportal.api.authentication.IdentityAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["certportal.api.permissions.RegisteredRoles"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["certportal.api.parsers.BoundedJSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "certportal.api.pagination.NewestFirst",
    "EXCEPTION_HANDLER": "certportal.api.errors.handle",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {
        "RequestStateEnum": "requests_app.models.RequestState.choices",
        "RequestKindEnum": "requests_app.models.RequestKind.choices",
        "CertificateStateEnum": "certificates.models.CertificateState.choices",
        "MadeFileStateEnum": "certificates.models.MadeState.choices",
        "DocumentKindEnum": "requests_app.models.DocumentKind.choices",
        "UnitEnum": "core.units.Unit.choices",
        "DriftKindEnum": "oid_sync.models.DriftKind.choices",
        "PVFStateEnum": "pvf.life_serializers.PVFState.choices",
        "PVFVersionStateEnum": "pvf.life_serializers.VersionState.choices",
        "PVFVersionKindEnum": "pvf.life_serializers.VersionKind.choices",
        "PVFDocumentKindEnum": "pvf.life_serializers.EvidenceKind.choices",
        "ProcessingReportStateEnum": "pvf.life_serializers.ReportState.choices",
    },
    "TITLE": "CertPortal API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "certportal.logs.json_formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
        "pyhanko": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
    },
}
