"""URLs of this app."""

from django.urls import URLPattern, path

from organizations.views import access, accounts, brokers, certifier, directory, people, platform, sessions

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
    path("letterhead/", certifier.letterhead_page, name="letterhead"),
    path("access/", access.access_review, name="access_review"),
    path("access/workbook/", access.access_review_sheet, name="access_review_sheet"),
    path("sessions/<int:session_id>/end/", sessions.session_end, name="session_end"),
    path("sessions/end/", sessions.sessions_end_all, name="sessions_end_all"),
    path("platform/", platform.platform, name="platform"),
    path("platform/people/", access.operator_people, name="operator_people"),
]
