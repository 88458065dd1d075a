"""URLs of this app."""

from django.urls import URLPattern, path

from pvf import statement_views, views

app_name = "pvf"
urlpatterns: list[URLPattern] = [
    path("", views.pvf_list, name="list"),
    path("import/", views.import_page, name="import"),
    path("import/template.xlsx", views.template, name="template"),
    path("tariff/editions/", views.editions, name="editions"),
    path("tariff/editions/save/", views.save_edition, name="edition-save"),
    path("lines/<uuid:pk>/", views.line, name="line"),
    path("lines/<uuid:pk>/statement/", statement_views.statement_page, name="statement"),
    path("lines/<uuid:pk>/statement.xlsx", statement_views.workbook, name="statement-xlsx"),
    path("lines/<uuid:pk>/statement/files/", statement_views.ask_for_file, name="statement-ask"),
    path("lines/<uuid:pk>/statement/files/<uuid:file_id>/", statement_views.file, name="statement-file"),
    path("versions/<uuid:pk>/", views.version, name="version"),
    path("versions/<uuid:pk>/approve/", views.approve, name="approve"),
    path("versions/<uuid:pk>/reject/", views.reject, name="reject"),
    path("<uuid:pk>/", views.detail, name="detail"),
]
