"""How each state looks: words, tone and icon. A state is told by its word and its icon, never by colour alone."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Look:
    """Word, tone (`neutral`, `info`, `wait`, `good`, `bad`) and icon of a state; `hint` is one line on what it means."""

    label: Text
    tone: str = "neutral"
    icon: str = "remove"
    hint: Text = ""


STATES: dict[str, dict[str, Look]] = {
    "request": {
        "draft": Look(_("Draft"), "neutral", "edit", _("Not submitted yet; nothing is reserved.")),
        "submitted": Look(_("Submitted"), "info", "mail", _("Volume is reserved; waiting for a reviewer.")),
        "in_review": Look(_("In review"), "info", "visibility", _("A reviewer is working on it.")),
        "information_requested": Look(
            _("Information requested"), "wait", "help", _("The service clock is stopped until the answer is complete.")
        ),
        "approved": Look(_("Approved"), "good", "check_circle", _("Volume is certified; the certificate follows.")),
        "rejected": Look(_("Rejected"), "bad", "cancel", _("The volume has gone back to available.")),
        "lapsed": Look(_("Lapsed"), "neutral", "timer", _("A question was not answered in time; the volume is free.")),
        "withdrawn": Look(_("Withdrawn"), "neutral", "undo", _("Taken back by the exporter; the volume is free.")),
    },
    "certificate": {
        "awaiting_number": Look(_("Awaiting number"), "wait", "hourglass_empty", _("OID has not given a number yet.")),
        "awaiting_document": Look(
            _("Awaiting document"), "wait", "file_present", _("Registered in OID; the PDF is made.")
        ),
        "issued": Look(_("Issued"), "good", "verified", _("Registered, signed and released.")),
        "closed": Look(_("Closed"), "neutral", "lock", _("All shipped, or expired and closed out.")),
        "void": Look(_("Void"), "bad", "do_not_disturb", _("Not valid for entry.")),
        "replaced": Look(_("Replaced"), "neutral", "autorenew", _("Another certificate takes its place.")),
        "continuity": Look(_("Continuity document"), "wait", "flag", _("Made by hand in an OID outage.")),
        "abandoned": Look(_("Abandoned"), "neutral", "undo", _("Sent back to review before it had a number.")),
    },
    "pvf": {
        "draft": Look(_("Draft"), "neutral", "edit"),
        "submitted": Look(_("Submitted"), "info", "mail"),
        "approved": Look(_("Approved"), "good", "check_circle"),
        "rejected": Look(_("Rejected"), "bad", "cancel"),
        "superseded": Look(_("Superseded"), "neutral", "autorenew"),
        "closed": Look(_("Closed"), "neutral", "lock"),
        "proposed": Look(_("Proposed"), "wait", "hourglass_empty", _("Waits for a manager.")),
        "reported": Look(_("Reported"), "wait", "hourglass_empty", _("Waits for a manager.")),
        "withdrawn": Look(_("Withdrawn"), "neutral", "undo"),
    },
    "registration": {
        "waiting": Look(_("Waiting"), "wait", "hourglass_empty"),
        "in_flight": Look(_("Being sent"), "info", "send"),
        "unknown": Look(_("Unclear: asking OID"), "wait", "help"),
        "awaiting_person": Look(_("Waiting for a person"), "wait", "person"),
        "registered": Look(_("Registered"), "good", "check_circle"),
        "confirmed": Look(_("Confirmed"), "good", "check_circle"),
        "done": Look(_("Confirmed"), "good", "check_circle"),
        "rejected": Look(_("Refused by OID"), "bad", "cancel"),
        "stopped": Look(_("Stopped before sending"), "bad", "flag", _("A check failed again just before sending.")),
        "failed": Look(_("Failed in the portal"), "bad", "error", _("The portal itself failed at it again and again.")),
        "cancelled": Look(_("Cancelled"), "neutral", "undo"),
    },
    "operation": {
        "certified": Look(_("Certified"), "good", "verified"),
        "surrendered": Look(_("Surrendered"), "bad", "remove_circle"),
        "suspended": Look(_("Suspended"), "bad", "error"),
        "revoked": Look(_("Revoked"), "bad", "do_not_disturb"),
        "transitional": Look(_("Transitional"), "wait", "timer"),
        "denied_certification": Look(_("Denied certification"), "bad", "cancel"),
        "withdrew_with_nonc": Look(_("Withdrew with NONC"), "bad", "undo"),
        "withdrew_from_transitional": Look(_("Withdrew from transitional"), "neutral", "undo"),
        "not_listed": Look(_("Not listed"), "bad", "help"),
    },
    "check": {
        "fail": Look(_("Fail"), "bad", "cancel"),
        "warn": Look(_("Warning"), "wait", "warning"),
        "pass": Look(_("Pass"), "good", "check_circle"),
        "not_applicable": Look(_("Not applicable"), "neutral", "remove"),
    },
    "recommendation": {
        "approve": Look(_("Recommends approval"), "good", "thumb_up_alt"),
        "reject": Look(_("Recommends rejection"), "bad", "thumb_down_alt"),
        "void": Look(_("No longer counts"), "neutral", "undo"),
    },
    "correction": {
        "open": Look(_("Open"), "wait", "hourglass_empty"),
        "accepted": Look(_("Accepted"), "good", "check_circle"),
        "declined": Look(_("Declined"), "bad", "cancel"),
        "superseded": Look(_("Superseded"), "neutral", "autorenew"),
    },
    "run": {
        "running": Look(_("Running"), "info", "autorenew"),
        "done": Look(_("Done"), "good", "check_circle"),
        "failed": Look(_("Failed"), "bad", "error"),
    },
    "drift": {
        "open": Look(_("Open"), "bad", "error"),
        "waiting": Look(_("Waiting for a person"), "wait", "person"),
        "healing": Look(_("Being mended"), "info", "autorenew"),
        "healed": Look(_("Healed by itself"), "good", "autorenew"),
        "closed": Look(_("Closed"), "neutral", "check"),
    },
    "task": {
        "complete": Look(_("Complete"), "good", "check_circle"),
        "in_progress": Look(_("In progress"), "info", "edit"),
        "not_started": Look(_("To do"), "neutral", "radio_button_unchecked"),
        "attention": Look(_("Needs attention"), "bad", "error"),
        "optional": Look(_("Optional"), "neutral", "radio_button_unchecked"),
        "blocked": Look(_("Cannot start yet"), "neutral", "lock"),
    },
    "membership": {
        "active": Look(_("Active"), "good", "check_circle"),
        "invited": Look(_("Invited"), "wait", "mail"),
        "suspended": Look(_("Suspended"), "bad", "error"),
        "ended": Look(_("Ended"), "neutral", "lock"),
        "expired": Look(_("Expired"), "neutral", "timer"),
        "revoked": Look(_("Revoked"), "bad", "cancel"),
    },
    "role": {
        "reviewer": Look(_("reviewer")),
        "approver": Look(_("approver")),
        "manager": Look(_("manager")),
        "auditor": Look(_("auditor")),
        "preparer": Look(_("preparer")),
        "signatory": Look(_("signatory")),
        "viewer": Look(_("viewer")),
        "importer": Look(_("importer member")),
        "broker": Look(_("broker member")),
    },
    "shipment": {
        "reported": Look(_("Reported"), "good", "check_circle"),
        "planned": Look(_("Planned"), "info", "event"),
        "corrected": Look(_("Corrected"), "neutral", "edit"),
        "received": Look(_("Receipt confirmed"), "good", "verified"),
        "overage": Look(_("Above the rest"), "bad", "error"),
    },
    "health": {
        "ok": Look(_("Working"), "good", "check_circle"),
        "degraded": Look(_("Slow"), "wait", "warning"),
        "down": Look(_("Down"), "bad", "error"),
        "off": Look(_("Off"), "neutral", "remove"),
    },
}


def look_of(kind: str, state: str, label: Text = "") -> Look:
    """The look of `state` of a `kind` of thing; unknown ones get a neutral tag with `label` or the state's own name."""
    code = str(state).strip().lower().replace(" ", "_").replace("-", "_")
    known = STATES.get(kind, {}).get(code)
    if known is None:
        return Look(label or str(state).replace("_", " ").capitalize(), "neutral", "info_outline")
    return Look(label, known.tone, known.icon, known.hint) if label else known
