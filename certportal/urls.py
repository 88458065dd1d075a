"""URLs of the portal."""

from django.urls import URLPattern, URLResolver, include, path

from certportal import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("allauth.urls")),
    path("sign-in/", include("organizations.urls_sign_on")),
    path("organization/", include("organizations.urls")),
    path("pvf/", include("pvf.urls")),
    path("requests/", include("requests_app.urls")),
    path("certificates/", include("certificates.urls")),
    path("review/", include("review.urls")),
    path("oid/", include("oid_sync.urls")),
    path("api/v1/", include("certportal.api.urls")),
]
