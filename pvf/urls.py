"""URLs of this app."""

from django.urls import URLPattern, path

from pvf import draft_views, life_views, statement_views, views

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
    path("new/", draft_views.start, name="start"),
    path("drafts/<uuid:pk>/", draft_views.draft, name="draft"),
    path("drafts/<uuid:pk>/head/", draft_views.save_head, name="draft-head"),
    path("drafts/<uuid:pk>/carry-over/", draft_views.carry, name="draft-carry"),
    path("drafts/<uuid:pk>/lines/<int:number>/", draft_views.line, name="draft-line"),
    path("drafts/<uuid:pk>/lines/<int:number>/remove/", draft_views.remove_line, name="draft-line-remove"),
    path("drafts/<uuid:pk>/documents/", draft_views.add_documents, name="draft-documents"),
    path("drafts/<uuid:pk>/propose/", draft_views.propose, name="draft-propose"),
    path("documents/<uuid:pk>/", draft_views.document, name="document"),
    path("documents/<uuid:pk>/remove/", draft_views.remove_document, name="document-remove"),
    path("versions/<uuid:pk>/withdraw/", draft_views.withdraw, name="withdraw"),
    path("versions/<uuid:pk>/pvf.xlsx", life_views.export, name="export"),
    path("lines/<uuid:pk>/top-up/", life_views.top_up, name="top-up"),
    path("processing/<uuid:pk>/", life_views.report, name="report"),
    path("processing/<uuid:pk>/approve/", life_views.approve_report, name="report-approve"),
    path("processing/<uuid:pk>/reject/", life_views.reject_report, name="report-reject"),
    path("processing/<uuid:pk>/withdraw/", life_views.withdraw_report, name="report-withdraw"),
    path("<uuid:pk>/change/", draft_views.change, name="change"),
    path("<uuid:pk>/processing/", life_views.process, name="process"),
    path("<uuid:pk>/next-year/", life_views.next_year, name="next-year"),
    path("<uuid:pk>/", views.detail, name="detail"),
]
