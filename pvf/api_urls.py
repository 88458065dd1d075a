"""Routes of this floor in the API, version 1 (namespace ``api``)."""

from django.urls import URLPattern, path

from pvf import api, life_api, statement_api

urlpatterns: list[URLPattern] = [
    path("pvfs/", api.PVFListView.as_view(), name="pvf-list"),
    path("pvf-lines/", api.PVFLineListView.as_view(), name="pvf-line-list"),
    path("pvf-lines/<uuid:pk>/balance/", api.PVFLineBalanceView.as_view(), name="pvf-line-balance"),
    path("pvf-lines/<uuid:pk>/terms/", life_api.LineTermsView.as_view(), name="pvf-line-terms"),
    path("pvf-lines/<uuid:pk>/top-ups/", life_api.LineTopUpView.as_view(), name="pvf-top-up"),
    path("pvfs/<uuid:pk>/next-year/", life_api.NextYearView.as_view(), name="pvf-next-year"),
    path("pvf-versions/", life_api.VersionListView.as_view(), name="pvf-version-list"),
    path("pvf-versions/<uuid:pk>/", life_api.VersionView.as_view(), name="pvf-version"),
    path("pvf-versions/<uuid:pk>/lines/", life_api.VersionLineView.as_view(), name="pvf-draft-line"),
    path(
        "pvf-versions/<uuid:pk>/lines/<int:number>/remove/",
        life_api.VersionLineRemoveView.as_view(),
        name="pvf-draft-line-remove",
    ),
    path("pvf-versions/<uuid:pk>/carry-over/", life_api.VersionCarryView.as_view(), name="pvf-draft-carry"),
    path("pvf-versions/<uuid:pk>/documents/", life_api.VersionDocumentsView.as_view(), name="pvf-documents"),
    path("pvf-versions/<uuid:pk>/propose/", life_api.VersionProposeView.as_view(), name="pvf-draft-propose"),
    path("pvf-versions/<uuid:pk>/withdraw/", life_api.VersionWithdrawView.as_view(), name="pvf-withdraw"),
    path("pvf-versions/<uuid:pk>/approve/", life_api.VersionApproveView.as_view(), name="pvf-approve"),
    path("pvf-versions/<uuid:pk>/reject/", life_api.VersionRejectView.as_view(), name="pvf-reject"),
    path("processing-reports/", life_api.ReportListView.as_view(), name="pvf-report-list"),
    path("processing-reports/<uuid:pk>/", life_api.ReportView.as_view(), name="pvf-report"),
    path("processing-reports/<uuid:pk>/approve/", life_api.ReportApproveView.as_view(), name="pvf-report-approve"),
    path("processing-reports/<uuid:pk>/reject/", life_api.ReportRejectView.as_view(), name="pvf-report-reject"),
    path("processing-reports/<uuid:pk>/withdraw/", life_api.ReportWithdrawView.as_view(), name="pvf-report-withdraw"),
    path("pvf-lines/<uuid:pk>/statement/", statement_api.StatementView.as_view(), name="pvf-line-statement"),
]
