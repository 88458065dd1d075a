"""A certifier's own way in: its slug stands in the address, and no page lists them."""

from django.urls import URLPattern, path

from organizations.views import sign_on

app_name = "sign_on"
urlpatterns: list[URLPattern] = [
    path("<slug:slug>/", sign_on.way_in, name="way_in"),
    path("<slug:slug>/back/", sign_on.back, name="back"),
]
