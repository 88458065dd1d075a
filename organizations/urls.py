"""URLs of this app."""

from django.urls import URLPattern, path

from organizations.views import (
    access,
    accounts,
    audit,
    brokers,
    certifier,
    changes,
    directory,
    people,
    platform,
    sessions,
    support,
)

app_name = "organizations"
urlpatterns: list[URLPattern] = [
    path("people/", people.people, name="people"),
    path("people/<uuid:membership_id>/", people.member, name="member"),
    path("people/<uuid:membership_id>/end/", people.member_end, name="member_end"),
    path("invitations/<uuid:invitation_id>/revoke/", people.invitation_revoke, name="invitation_revoke"),
    path("invitation/<str:token>/", people.accept, name="accept"),
    path("switch/", people.switch, name="switch"),
    path("keys/", accounts.keys, name="tokens"),
    path("keys/<uuid:token_id>/revoke/", accounts.key_revoke, name="token_revoke"),
    path("claim/", accounts.claim, name="claim"),
    path("brokers/", brokers.delegations, name="delegations"),
    path("brokers/<uuid:delegation_id>/revoke/", brokers.delegation_revoke, name="delegation_revoke"),
    path("clients/", certifier.client_list, name="clients"),
    path("clients/<uuid:client_id>/", certifier.client, name="client"),
    path("directory/", certifier.directory, name="directory"),
    path("directory/imports/", directory.directory_imports, name="directory_imports"),
    path("directory/imports/<uuid:import_id>/", directory.directory_import, name="directory_import"),
    path("importers/", certifier.importer_confirm, name="importer_confirm"),
    path("settings/", certifier.settings_page, name="settings"),
    path("changes/", changes.guarded_changes, name="guarded_changes"),
    path("changes/<uuid:change_id>/", changes.guarded_change, name="guarded_change"),
    path("audit/", audit.trail, name="audit"),
    path("letterhead/", certifier.letterhead_page, name="letterhead"),
    path("access/", access.access_review, name="access_review"),
    path("access/workbook/", access.access_review_sheet, name="access_review_sheet"),
    path("sessions/<int:session_id>/end/", sessions.session_end, name="session_end"),
    path("sessions/end/", sessions.sessions_end_all, name="sessions_end_all"),
    path("platform/", platform.platform, name="platform"),
    path("platform/support/", support.support, name="support"),
    path("platform/support/<uuid:session_id>/enter/", support.enter, name="support_enter"),
    path("support/", support.log, name="support_log"),
    path("support/<uuid:session_id>/end/", support.end, name="support_end"),
    path("platform/people/", access.operator_people, name="operator_people"),
]
