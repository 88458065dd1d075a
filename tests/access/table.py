"""The reviewed table: every address, who may open it, the row behind it, and the answer to those who find that row.

It repeats nothing of the code: who reviews a change of rights reads it here, and the tests compare the product with it.
From one line follow the answers to everybody (``tests/access/cases.py``):

* signed out, or with a key that is none: to the sign-in page (302), over the API 401;
* a role that is not in ``opens``: 403;
* a method that the address has not: 405;
* a stranger to the row (``FINDS`` in ``tests/access/places.py``): 404;
* whoever finds it: ``get``, ``post``, ``put``, ``patch`` or ``delete``, unless ``but`` says otherwise for a role.

What is sent holds all that a form or a route asks for, and is true (``tests/access/bodies.py``, ``tests/access/forms.py``).
So whoever may, does the act (``tests/access/acts.py`` says what is then written), and whoever may not gets 403 and
changes nothing.
"""

from __future__ import annotations

import dataclasses

#: Words of the column ``opens``.
WORDS = {
    "staff": "reviewer approver manager auditor",
    "acting": "reviewer approver manager",
    "deciders": "approver manager",
    "exporter": "preparer signatory viewer",
    "writers": "preparer signatory",
    "proposers": "reviewer manager preparer signatory",
    "members": "reviewer approver manager auditor preparer signatory viewer importer broker",
    "signed-in": "reviewer approver manager auditor preparer signatory viewer importer broker alone platform",
    "anyone": "reviewer approver manager auditor preparer signatory viewer importer broker alone platform nobody",
}


def _written_out(words: str) -> frozenset[str]:
    return frozenset(role for word in words.split() for role in WORDS.get(word, word).split())


@dataclasses.dataclass(frozen=True)
class Row:
    """One address. A method that is None: the address has no such method."""

    name: str
    opens: str
    of: str = ""
    get: int | None = None
    post: int | None = None
    put: int | None = None
    patch: int | None = None
    delete: int | None = None
    #: Answers of roles that may open it and find the row, where they differ: {"GET auditor": 403}; or of a relation.
    but: dict[str, int] = dataclasses.field(default_factory=dict)

    @property
    def roles(self) -> frozenset[str]:
        """The roles that may open it, written out."""
        return _written_out(self.opens)


def page(
    name: str, opens: str, of: str = "", get: int | None = 200, post: int | None = None, *, by: str = "", **but: int
) -> Row:
    """A page, or a file; with ``post`` also a form, which only those in ``by`` may send (all who open it, if empty)."""
    others = _written_out(opens) - _written_out(by) if by else frozenset()
    refused = {f"POST {role}": 403 for role in others}
    return Row(name, opens, of, get, post, but=refused | {key.replace("_", " "): code for key, code in but.items()})


def act(name: str, opens: str, of: str = "", post: int = 302, *, by: str = "", **but: int) -> Row:
    """A form that only posts."""
    return page(name, opens, of, None, post, by=by, **but)


def _posts(words: str) -> list[str]:
    return [f"POST_{role}" for role in _written_out(words)]


STAFF_AND_EXPORTER = "staff exporter"
#: Brokers whom nobody lets prepare drafts, and one whose exporter does not let it report shipments.
NO_DRAFTS = dict.fromkeys(
    ("GET_certificates_alone", "POST_certificates_alone", "GET_grant_over", "POST_grant_over"), 403
)
NO_SHIPMENTS = dict.fromkeys(("GET_certificates_alone", "POST_certificates_alone"), 403)
READERS = "staff exporter importer broker alone"
RECEIVERS = "importer broker"

PORTAL = [
    page("home", "anyone", get=302, GET_nobody=200),
    page("healthz", "anyone"),
    page("set_language", "anyone", get=302, post=302),
    page("api:schema", "signed-in"),
    page("api:docs", "signed-in"),
]
#: Who has a second step, as these must.
STEPPED = "staff signatory platform"


def _stepped(**answers: int) -> dict[str, int]:
    """Answers to those who have a second step: ``get=302``."""
    return {f"{method.upper()}_{role}": code for method, code in answers.items() for role in _written_out(STEPPED)}


#: The answers to people who have signed in just now, by password and, those who must have one, by a second step.
ACCOUNT = [
    page("account_login", "anyone", get=302, post=302, GET_nobody=200, POST_nobody=200),
    page("account_logout", "anyone", get=200, post=302, GET_nobody=302),
    page("account_signup", "anyone", get=302, post=302, GET_nobody=200, POST_nobody=200),
    page("account_inactive", "anyone"),
    page("account_reset_password", "anyone", post=200),
    page("account_reset_password_done", "anyone"),
    page("account_reset_password_from_key", "anyone", "reset", post=200),
    page("account_reset_password_from_key_done", "anyone"),
    page("account_confirm_email", "anyone", "confirmation", post=404),
    page("account_email_verification_sent", "anyone"),
    page("account_confirm_login_code", "anyone", get=302, post=302),
    page("account_change_password", "signed-in", post=200),
    page("account_set_password", "signed-in", get=302, post=302),
    page("account_email", "signed-in", post=302),
    page("account_reauthenticate", "signed-in", post=200),
    page("mfa_authenticate", "anyone", get=302, post=302),
    page("mfa_reauthenticate", "signed-in", get=302, post=302, **_stepped(get=200, post=200)),
    page("mfa_index", "signed-in"),
    page("mfa_activate_totp", "signed-in", post=200, **_stepped(get=302, post=302)),
    page("mfa_deactivate_totp", "signed-in", get=404, post=404, **_stepped(get=200, post=302)),
    page("mfa_generate_recovery_codes", "signed-in", post=200, **_stepped(post=302)),
    page("mfa_view_recovery_codes", "signed-in", get=404),
    page("mfa_download_recovery_codes", "signed-in", get=404, post=404),
    page("mfa_list_webauthn", "signed-in"),
    page("mfa_add_webauthn", "signed-in", post=200),
    page("mfa_edit_webauthn", "signed-in", "own passkey", post=404),
    page("mfa_remove_webauthn", "signed-in", "own passkey", post=404),
    page("mfa_reauthenticate_webauthn", "signed-in", get=302, post=302),
    page("mfa_login_webauthn", "anyone", get=302, post=302),
    Row("usersessions_list", "signed-in", get=200, post=302, put=302),
]
ORGANIZATIONS = [
    page("organizations:people", "members", post=302, by="manager signatory importer broker"),
    page("organizations:member", "members", "exporter's person", post=302, by="manager signatory"),
    act("organizations:member_end", "manager signatory importer broker", "exporter's person"),
    act("organizations:invitation_revoke", "manager signatory importer broker", "exporter's invitation"),
    # whoever is signed in is somebody else than the one invited: the page says so
    page("organizations:accept", "anyone", "invitation link", post=302, **dict.fromkeys(_posts("signed-in"), 200)),
    act("organizations:switch", "signed-in", POST_alone=404, POST_platform=404),
    page("organizations:tokens", "members", post=200),
    act("organizations:token_revoke", "members", "own key"),
    page("organizations:claim", "signed-in", post=200),
    page("organizations:delegations", "exporter importer broker", post=302, by="signatory importer", POST_broker=200),
    act("organizations:delegation_revoke", "signatory importer", "grant"),
    page("organizations:clients", "staff", post=302, by="manager"),
    page("organizations:client", "staff", "client", post=302, by="manager"),
    page("organizations:directory", "staff"),
    page("organizations:directory_imports", "platform", post=200),
    page("organizations:directory_import", "platform", "directory reading"),
    page("organizations:importer_confirm", "manager platform", post=302),
    page("organizations:settings", "staff", post=302, by="manager"),
    page("organizations:guarded_changes", "staff"),
    page("organizations:sign_on", "staff", post=302, by="manager"),
    # the scene's certifiers have no provider: as for a certifier that is not there
    page("sign_on:way_in", "anyone", "way in", get=404, post=404),
    page("sign_on:back", "anyone", "way in", get=404),
    act("organizations:guarded_change", "manager", "guarded change"),
    page("organizations:audit", "manager auditor"),
    page("organizations:letterhead", "staff", post=302, by="manager"),
    page("organizations:platform", "platform", post=302),
    page("organizations:support", "platform", post=302),
    act("organizations:support_enter", "platform", "another operator's session"),
    # an auditor's right opens the address to the support session itself, which reads as one; an auditor ends nothing
    act("organizations:support_end", "platform manager auditor", "support session", POST_auditor=403),
    page("organizations:support_log", "manager auditor"),
    act("organizations:session_end", "signed-in", "own session"),
    act("organizations:sessions_end_all", "signed-in"),
    page("organizations:access_review", "manager auditor", post=200),
    page("organizations:access_review_sheet", "manager auditor"),
    page("organizations:operator_people", "platform", post=200),
]
PVF = [
    page("pvf:list", STAFF_AND_EXPORTER),
    page("pvf:detail", STAFF_AND_EXPORTER, "pvf"),
    page("pvf:version", STAFF_AND_EXPORTER, "proposal"),
    page("pvf:line", STAFF_AND_EXPORTER, "line"),
    page("pvf:statement", STAFF_AND_EXPORTER, "line"),
    page("pvf:statement-xlsx", STAFF_AND_EXPORTER, "line"),
    act("pvf:statement-ask", STAFF_AND_EXPORTER, "line"),
    page("pvf:statement-file", STAFF_AND_EXPORTER, "statement"),
    page("pvf:import", "proposers", post=302),
    page("pvf:template", "proposers"),
    page("pvf:start", "proposers", post=302),
    act("pvf:change", "proposers", "pvf"),
    page("pvf:draft", "proposers", "pvf draft"),
    act("pvf:draft-head", "proposers", "pvf draft"),
    act("pvf:draft-carry", "proposers", "pvf draft"),
    page("pvf:draft-line", "proposers", "pvf draft line", post=302),
    act("pvf:draft-line-remove", "proposers", "pvf draft line"),
    act("pvf:draft-documents", "proposers", "pvf draft"),
    act("pvf:draft-propose", "proposers", "pvf draft"),
    page("pvf:document", STAFF_AND_EXPORTER, "pvf document"),
    act("pvf:document-remove", "proposers", "pvf draft document"),
    act("pvf:withdraw", "proposers", "pvf draft"),
    page("pvf:export", STAFF_AND_EXPORTER, "proposal"),
    page("pvf:top-up", "proposers", "line", post=302),
    page("pvf:process", "proposers", "pvf", post=302),
    page("pvf:next-year", "proposers", "pvf", post=302),
    page("pvf:report", STAFF_AND_EXPORTER, "report"),
    act("pvf:report-approve", "manager", "report"),
    act("pvf:report-reject", "manager", "report"),
    act("pvf:report-withdraw", "proposers", "report", POST_reviewer=403, POST_manager=403),
    act("pvf:approve", "manager", "proposal"),
    act("pvf:reject", "manager", "proposal"),
    page("pvf:editions", "staff platform"),
    act("pvf:edition-save", "manager platform"),
    page("api:pvf-list", STAFF_AND_EXPORTER),
    page("api:pvf-line-list", STAFF_AND_EXPORTER),
    page("api:pvf-line-balance", STAFF_AND_EXPORTER, "line"),
    page("api:pvf-line-terms", STAFF_AND_EXPORTER, "line"),
    act("api:pvf-top-up", "proposers", "line", post=201),
    act("api:pvf-next-year", "proposers", "pvf", post=201),
    page("api:pvf-version-list", STAFF_AND_EXPORTER, post=201, by="proposers"),
    page("api:pvf-version", STAFF_AND_EXPORTER, "proposal"),
    Row("api:pvf-draft-line", "proposers", "pvf draft", put=200),
    act("api:pvf-draft-line-remove", "proposers", "pvf draft line", post=200),
    act("api:pvf-draft-carry", "proposers", "pvf draft", post=200),
    act("api:pvf-documents", "proposers", "pvf draft", post=201),
    act("api:pvf-draft-propose", "proposers", "pvf draft", post=200),
    act("api:pvf-withdraw", "proposers", "pvf draft", post=200),
    act("api:pvf-approve", "manager", "proposal", post=200),
    act("api:pvf-reject", "manager", "proposal", post=200),
    page("api:pvf-report-list", STAFF_AND_EXPORTER, post=201, by="proposers"),
    page("api:pvf-report", STAFF_AND_EXPORTER, "report"),
    act("api:pvf-report-approve", "manager", "report", post=200),
    act("api:pvf-report-reject", "manager", "report", post=200),
    act("api:pvf-report-withdraw", "proposers", "report", post=200, POST_reviewer=403, POST_manager=403),
    page("api:pvf-line-statement", STAFF_AND_EXPORTER, "line"),
]
REQUESTS = [
    page("requests:home", "exporter broker"),
    page("requests:new", "writers broker", post=302, POST_broker=422, **NO_DRAFTS),
    page("requests:detail", "exporter broker", "submitted"),
    page("requests:task_list", "exporter broker", "draft", GET_viewer=302),
    page("requests:task", "writers broker", "draft task", post=302),
    page("requests:document", "exporter broker", "document"),
    act("requests:document_add", "writers broker", "draft"),
    act("requests:document_remove", "writers broker", "draft document"),
    page("requests:review_submit", "writers", "draft", post=302, by="signatory"),
    act("requests:answer", "writers", "asked"),
    act("requests:withdraw", "writers broker", "submitted", POST_preparer=403),
    act("requests:copy", "writers", "submitted", post=422),
    act("requests:correction_accept", "signatory", "correction"),
    act("requests:correction_decline", "signatory", "correction"),
    page(
        "api:request-list",
        f"{STAFF_AND_EXPORTER} broker",
        post=201,
        POST_reviewer=403,
        POST_approver=403,
        POST_manager=403,
        POST_auditor=403,
        POST_viewer=403,
        # its body does not say for whom
        POST_broker=422,
        POST_certificates_alone=403,
        POST_grant_over=403,
    ),
    Row(
        "api:request-detail",
        f"{STAFF_AND_EXPORTER} broker",
        "submitted",
        get=200,
        patch=409,
        but=dict.fromkeys((f"PATCH {role}" for role in ("reviewer", "approver", "manager", "auditor", "viewer")), 403),
    ),
    act("api:request-documents", "writers broker", "draft", post=201),
    act("api:request-submit", "signatory", "draft", post=200),
    act("api:request-withdraw", "writers broker", "submitted", post=200, POST_preparer=403),
    page("api:request-findings", f"{STAFF_AND_EXPORTER} broker", "recommended"),
    act("api:request-answer", "writers", "asked", post=200),
]
REVIEW = [
    page("review:queue", "staff"),
    page("review:request", "staff", "recommended"),
    page("review:document", "staff", "document"),
    act("review:claim", "acting", "submitted"),
    act("review:hand-back", "acting", "in review", POST_approver=403),
    act("review:check", "acting", "in review"),
    act("review:lapse", "acting", "asked", post=409),
    act("review:recommend", "acting", "in review"),
    act("review:ask", "acting", "in review"),
    act("review:correct", "acting", "in review"),
    act("review:approve", "approver", "recommended"),
    act("review:reject", "approver", "recommended"),
    act("review:override", "manager", "in review", post=422),
    page("api:review-queue", "staff"),
    act("api:review-claim", "acting", "submitted", post=200),
    act("api:review-recommend", "acting", "in review", post=200),
    act("api:review-ask", "acting", "in review", post=200),
    act("api:review-approve", "approver", "recommended", post=200),
    act("api:review-reject", "approver", "recommended", post=200),
]
CERTIFICATES = [
    page("certificates:list", STAFF_AND_EXPORTER),
    page("certificates:inbox", "importer broker alone"),
    page("certificates:check", "anyone", post=200),
    # whose grants are over sees no certificate: there is nothing to put into a file
    page("certificates:bundles", "members", post=302, POST_grant_over=422),
    page("certificates:bundle-file", "members", "own bundle"),
    page("certificates:preview", STAFF_AND_EXPORTER, "submitted", post=302),
    page("certificates:preview-file", STAFF_AND_EXPORTER, "preview"),
    page("certificates:check-continuity", "anyone", post=200),
    page("certificates:outage", "staff", post=302, by="manager"),
    page("certificates:continuity", "approver", "certificate without number", post=302),
    page("certificates:continuity-pdf", READERS, "continuity"),
    page("certificates:version-pdf", READERS, "document version"),
    page("certificates:stuck", "staff"),
    page("certificates:signing", "staff", post=302, by="manager"),
    page("certificates:detail", READERS, "certificate"),
    page("certificates:pdf", READERS, "certificate"),
    act("certificates:reading-copy", READERS, "certificate"),
    page("certificates:reading-copy-file", READERS, "reading copy of certificate"),
    act("certificates:retry-document", "acting", "certificate", post=409),
    page("certificates:shipments", "acting signatory broker", "certificate", post=302, **NO_SHIPMENTS),
    page(
        "certificates:correct-shipment", "acting signatory broker", "shipment of certificate", post=302, **NO_SHIPMENTS
    ),
    page("certificates:total", "acting signatory broker", "certificate", post=302, **NO_SHIPMENTS),
    page("certificates:amend", "deciders", "certificate", post=302),
    page("certificates:void", "deciders", "certificate", post=302),
    page("certificates:oid-seen", "deciders", "certificate", post=302),
    act("certificates:replace", "writers", "certificate"),
    page("certificates:receipt", RECEIVERS, "shipment of certificate", post=302, by="importer"),
    page("certificates:overages", STAFF_AND_EXPORTER),
    page("certificates:settle", "deciders", "overage", post=302),
    page("api:certificate-list", READERS),
    page("api:certificate-detail", READERS, "certificate"),
    page("api:certificate-pdf", READERS, "certificate"),
    page(
        "api:certificate-shipments",
        READERS,
        "certificate",
        post=201,
        POST_auditor=403,
        POST_preparer=403,
        POST_viewer=403,
        POST_importer=403,
        POST_certificates_alone=403,
        POST_alone=403,
    ),
    page("api:certificate-check", "anyone", post=200),
    page("api:bundle-list", "members", post=202, POST_grant_over=422),
    page("api:bundle-detail", "members", "own bundle by pk"),
    page("api:bundle-file", "members", "own bundle by pk"),
    page("api:request-preview", STAFF_AND_EXPORTER, "submitted", post=202),
    page("api:preview-file", STAFF_AND_EXPORTER, "preview"),
    page("api:certificate-version-pdf", READERS, "document version"),
    act("api:certificate-continuity", "approver", "certificate without number", post=202),
    page("api:certificate-continuity-pdf", READERS, "continuity"),
    page("api:certificate-check-continuity", "anyone", post=200),
    Row(
        "api:outage",
        "staff",
        get=200,
        post=201,
        delete=204,
        but=dict.fromkeys(
            (f"{method} {role}" for method in ("POST", "DELETE") for role in ("reviewer", "approver", "auditor")), 403
        ),
    ),
    act("api:certificate-total", "acting signatory broker", "certificate", post=200, POST_certificates_alone=403),
    act("api:certificate-amend", "deciders", "certificate", post=200),
    act("api:certificate-void", "deciders", "certificate", post=200),
    act("api:certificate-replace", "writers", "certificate", post=201),
    act("api:certificate-overages", "acting signatory", "certificate", post=201),
    act("api:shipment-receipt", RECEIVERS, "shipment", post=201, POST_broker=403),
    act("api:shipment-correct", "acting signatory broker", "shipment", post=200, POST_certificates_alone=403),
    act("api:overage-settle", "deciders", "overage by pk", post=200),
]
OID = [
    page("oid_sync:desk", "staff"),
    page("oid_sync:call", "staff", "call"),
    page("oid_sync:connection", "staff", post=302, by="manager"),
    act("oid_sync:resend", "deciders", "refused call"),
    act("oid_sync:back_to_review", "deciders", "call"),
    act("oid_sync:settle", "deciders", "refused call"),
    page("oid_sync:reconciliation", "staff"),
    page("oid_sync:reconciliation_progress", "staff", get=302),
    act("oid_sync:start_reconciliation", "deciders"),
    page("oid_sync:assisted:list", "staff"),
    page("oid_sync:assisted:batch", "staff"),
    page("oid_sync:assisted:sheet", "staff", "call", post=302, by="acting"),
    page("api:reconciliation-latest", "staff", get=204),
]
TABLE: list[Row] = [
    *PORTAL, *ACCOUNT, *ORGANIZATIONS, *PVF, *REQUESTS, *REVIEW, *CERTIFICATES, *OID,
]  # fmt: skip
