"""What the request page shows, read in one place: the request, the line beside it, the findings, what has happened."""

from __future__ import annotations

import datetime as dt
import difflib
import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Moment
from core.identity import Identity, Kind
from core.models import AuditRow
from core.templatetags.portal_format import day, hts
from organizations import delegated
from organizations.delegated import BrokerAct
from organizations.history import LENGTH, visible_names
from organizations.tenancy import TenantQuerySet, not_visible
from pvf.domain import ledger, lines
from pvf.models import Balance, PVFLineTerms
from requests_app.domain import checking, requests
from requests_app.domain.changes import field_label
from requests_app.models import CheckRun, Request, RequestDocument, StaffFindings
from review import content
from review.domain import decisions, overrides, recommendations
from review.domain.acting import ACTING
from review.models import CheckOverride

#: Acts of the audit trail in words, with tone and icon of the timeline.
ACTS: dict[str, tuple[Any, str, str]] = {
    "request.start": (gettext_lazy("Draft started"), "", "edit"),
    "request.copy": (gettext_lazy("Copied from an earlier request"), "", "content_copy"),
    "request.save": (gettext_lazy("Draft changed"), "", "edit"),
    "request.submit": (gettext_lazy("Submitted"), "info", "mail"),
    "request.claim": (gettext_lazy("Claimed"), "info", "person"),
    "request.hand_back": (gettext_lazy("Handed back to the queue"), "wait", "undo"),
    "request.ask": (gettext_lazy("Question asked: the clock stopped"), "wait", "help"),
    "request.answer": (gettext_lazy("Changed in the answer"), "info", "edit"),
    "request.answer_saved": (gettext_lazy("Answer saved"), "info", "edit"),
    "request.answer_complete": (gettext_lazy("Answer complete: the clock goes on"), "info", "check"),
    "request.correction_proposed": (gettext_lazy("Correction proposed"), "wait", "edit"),
    "request.correction_accepted": (gettext_lazy("Correction accepted"), "good", "check"),
    "request.correction_declined": (gettext_lazy("Correction declined"), "bad", "close"),
    "request.approve": (gettext_lazy("Approved"), "good", "check_circle"),
    "request.reject": (gettext_lazy("Rejected"), "bad", "cancel"),
    "request.withdraw": (gettext_lazy("Withdrawn"), "", "undo"),
    "request.lapse": (gettext_lazy("Lapsed"), "", "timer"),
    "request.back_to_review": (gettext_lazy("Back in review"), "wait", "undo"),
    "request.lots": (gettext_lazy("Lots changed"), "", "edit"),
    "request.containers": (gettext_lazy("Containers changed"), "", "edit"),
    "request.invoices": (gettext_lazy("Invoices changed"), "", "edit"),
    "request.document_add": (gettext_lazy("Document added"), "", "file_present"),
    "request.document_remove": (gettext_lazy("Document removed"), "", "remove"),
    "review.recommend": (gettext_lazy("Recommendation"), "info", "flag"),
    "review.override": (gettext_lazy("Failure set aside"), "wait", "warning"),
    "review.decision_revoked": (gettext_lazy("Earlier decision revoked"), "wait", "undo"),
    "review.document_read": (gettext_lazy("Document downloaded"), "", "file_download"),
}
#: Acts that say twice what a step of the request says already.
HIDDEN_ACTS = ("review.decide",)
ACTS_OF_START = ("request.start", "request.copy")


def submitted_request(actor: Identity, request_id: uuid.UUID) -> Request:
    """The request, once it was submitted: a draft is the exporter's own business. Raises ``NotVisible``."""
    request = requests.visible(actor, request_id)
    if request.submitted_at is None:
        raise not_visible()
    return request


def may_act(actor: Identity) -> bool:
    """Whether the reader acts on requests, or only reads (auditor, support)."""
    return actor.kind is Kind.STAFF and actor.has(*ACTING)


def open_run(actor: Identity, request: Request) -> CheckRun | None:
    """The checks of this version: run once when somebody who acts opens the page; else the newest run there is."""
    runs = request.check_runs.filter(request_version=request.version)
    newest = runs.filter(moment__in=[Moment.REVIEW, Moment.APPROVE]).order_by("-run_at").first()
    if newest is None and request.is_open and may_act(actor):
        return checking.run(actor, request, Moment.REVIEW)
    return newest or request.check_runs.order_by("-run_at").first()


def findings(actor: Identity, run: CheckRun | None, set_aside: dict[str, CheckOverride]) -> list[dict[str, Any]]:
    """Findings of a run with those for staff alone and the overrides of this version."""
    if run is None:
        return []
    secret = StaffFindings.objects.visible_to(actor).filter(run=run).first()
    found = [dict(entry) for entry in [*run.findings, *(secret.findings if secret else [])]]
    for entry in found:
        row = set_aside.get(entry["code"])
        if row is not None and entry["outcome"] == "fail":
            entry["override"] = _("Set aside by a manager: %(reason)s") % {"reason": row.reason}
    return found


def overridable(found: Iterable[dict[str, Any]], set_aside: dict[str, CheckOverride]) -> list[tuple[str, str]]:
    """The failures that a manager may set aside and has not."""
    return [
        (entry["code"], f"{entry['code']} — {entry['message']}")
        for entry in found
        if entry["outcome"] == "fail" and entry["overridable"] and entry["code"] not in set_aside
    ]


def blocking(found: Iterable[dict[str, Any]], set_aside: dict[str, CheckOverride]) -> list[str]:
    """Codes that stop an approval as things stood when the checks ran."""
    return [
        entry["code"]
        for entry in found
        if entry["outcome"] == "fail" and not (entry["overridable"] and entry["code"] in set_aside)
    ]


def history(actor: Identity, request: Request, by_brokers: Iterable[BrokerAct] = ()) -> list[dict[str, Any]]:
    """What has happened, newest first. How the exporter filled in the draft is not the certifier's to watch."""
    rows = list(
        AuditRow.objects.filter(certifier_id=request.certifier_id, object_type="request", object_id=str(request.pk))
        .exclude(act__in=HIDDEN_ACTS)
        .exclude(Q(at__lt=request.submitted_at or request.created_at) & ~Q(act__in=ACTS_OF_START))
        .order_by("-at", "-id")[:LENGTH]
    )
    names = visible_names(row.actor_id for row in rows)
    brokers = {done.row_id: done.who for done in by_brokers}
    return [_event(row, names, brokers) for row in rows]


def _event(row: AuditRow, names: dict[uuid.UUID, str], brokers: dict[uuid.UUID, str]) -> dict[str, Any]:
    what, tone, icon = ACTS.get(row.act, (row.act.replace("_", " ").replace(".", ": "), "", ""))
    who = brokers.get(row.pk) or names.get(row.actor_id) if row.actor_id else _("the portal")
    return {
        "when": row.at, "what": what, "tone": tone, "icon": icon, "who": who or _("somebody"),
        "on_behalf_of": row.on_behalf_of, "detail": _detail(row),
    }  # fmt: skip


def _detail(row: AuditRow) -> str:
    after = row.after
    if row.act == "review.recommend":
        advice = _("Recommends approval.") if after.get("approve") else _("Recommends rejection.")
        return f"{advice} {after.get('note', '')}".strip()
    if row.act == "review.override":
        return f"{after.get('check')}: {after.get('reason')}"
    if row.act in {"request.save", "request.answer", "request.correction_accepted"}:
        changed = [field_label(name) for name in after if name in row.before and after[name] != row.before[name]]
        return ", ".join(changed)
    if row.act == "request.answer_saved":
        return str(after.get("answer", ""))
    if row.act == "request.correction_proposed":
        return str(after.get("note", ""))
    return ""


def beside_line(request: Request, terms: PVFLineTerms | None) -> list[dict[str, Any]]:
    """What the request says beside what the PVF line says."""
    if terms is None:
        return []
    asked, on_label = request.label_name, terms.label_name
    pvf = terms.line.pvf
    return [
        {
            "label": _("Name on the label"), "left": asked, "right": on_label,
            "segments": None if asked == on_label else letters(asked, on_label),
        },
        {
            "label": _("HTS code"), "left": hts(request.hts_code), "right": ", ".join(hts(code) for code in terms.hts_codes),
            "same": request.hts_code in terms.hts_codes,
        },
        {
            "label": _("Origin"), "left": request.origin, "right": ", ".join(terms.origins),
            "same": request.origin in terms.origins,
        },
        {
            "label": _("Period"), "left": _span(request.start_date, request.end_date),
            "right": _span(pvf.period_start, pvf.period_end),
            "same": bool(
                request.start_date and request.end_date
                and pvf.period_start <= request.start_date and request.end_date <= pvf.period_end
            ),
        },
    ]  # fmt: skip


def _span(first: dt.date | None, last: dt.date | None) -> str:
    return format_html("{} – {}", day(first), day(last)) if first and last else ""


def letters(left: str, right: str) -> list[list[str]]:
    """The difference letter by letter, as the components show it."""
    parts: list[list[str]] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if op == "equal":
            parts.append(["equal", left[a:b]])
            continue
        if a < b:
            parts.append(["delete", left[a:b]])
        if c < d:
            parts.append(["insert", right[c:d]])
    return parts


def documents(actor: Identity, request: Request) -> list[RequestDocument]:
    """The documents that were not removed."""
    shown: TenantQuerySet[RequestDocument] = RequestDocument.objects.visible_to(actor)
    return list(shown.filter(request=request, removed_at=None).select_related("file").order_by("added_at"))


def advice(request: Request) -> list[dict[str, Any]]:
    """Recommendations, those on this version first; older ones are void."""
    rows = list(request.recommendations.order_by("-made_at"))
    names = visible_names(row.made_by for row in rows)
    return [
        {"row": row, "who": names.get(row.made_by) or _("somebody"), "void": row.request_version != request.version}
        for row in rows
    ]


def context_of(actor: Identity, request: Request) -> dict[str, Any]:
    """Everything of the page but its forms."""
    run = open_run(actor, request)
    set_aside = overrides.in_force(request)
    found = findings(actor, run, set_aside)
    terms = lines.terms_in_force(request.line_id) if request.line_id else None
    by_brokers = delegated.acts_on(request.certifier_id, request.pk)
    mine = recommendations.of_version(request).filter(made_by=actor.user_id).exists()
    return {
        "request_obj": request,
        "run": run,
        "run_is_old": bool(run and run.request_version != request.version),
        "findings": found,
        "blocking": blocking(found, set_aside),
        "overridable": overridable(found, set_aside),
        "terms": terms,
        "beside": beside_line(request, terms),
        "balance": Balance.objects.filter(line_id=request.line_id).first() if request.line_id else None,
        "held": ledger.reserved_by(request.pk) if request.submitted_at else None,
        "documents": documents(actor, request),
        "advice": advice(request),
        "recommended_by_me": mine,
        "content": content.of_request(request),
        "questions": content.questions(list(request.questions.order_by("-asked_at"))),
        "corrections": content.corrections(list(request.corrections.order_by("-proposed_at"))),
        "decision": decisions.of_request(request),
        "events": history(actor, request, by_brokers),
        "prepared_by": delegated.each_person_once(by_brokers),
        "claimed_by": visible_names([request.claimed_by]).get(request.claimed_by) if request.claimed_by else "",
    }
