"""The exporter's requests, and starting a new one."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.errors import NotPermitted
from core.identity import Identity, Kind
from core.refusals import attempt
from organizations import delegated
from organizations.grant_scopes import GrantScope
from organizations.roles import Role
from pvf.domain import lines
from requests_app.domain import drafts
from requests_app.forms import HomeForm, StartForm
from requests_app.models import Request, RequestState

PAGE_SIZE = 25
SORTS = {
    "reference": "reference", "label_name": "label_name", "net_kg": "net_kg", "state": "state",
    "departure_date": "departure_date", "changed_at": "changed_at",
}  # fmt: skip
DEFAULT_SORT = "-changed_at"


def may_write(actor: Identity) -> bool:
    """Whether the reader drafts and answers (a viewer only reads)."""
    return actor.has(Role.PREPARER, Role.SIGNATORY)


def may_draft(actor: Identity) -> bool:
    """Whether the reader works on drafts: whoever writes, and a broker on behalf of exporters (by grant)."""
    return may_write(actor) or delegated.live(actor, GrantScope.DRAFTS).exists()


def acts_for(actor: Identity, seen: Request) -> str:
    """For whom a broker acts on a request; empty for everybody else."""
    return seen.client.operation.name if actor.kind is Kind.BROKER else ""


def exporters_of(actor: Identity) -> list[tuple[str, str]]:
    """The exporters for whom a broker may prepare drafts: key and name, with the certifier where one has two."""
    grants = delegated.live(actor, GrantScope.DRAFTS).select_related("certifier").order_by("grantor_name", "pk")
    return [(str(row.client_id), f"{row.grantor_name} ({row.certifier})") for row in grants]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My requests, and what is left on each line of my PVF."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    form = HomeForm(request.GET or None)
    by_grant = actor.kind is Kind.BROKER
    rows = Request.objects.visible_to(actor).select_related("importer", "client__operation")
    everything = rows
    if form.is_valid():
        text, state = form.cleaned_data["text"], form.cleaned_data["state"]
        rows = rows.filter(state=state) if state else rows
        if text:
            rows = rows.filter(
                Q(reference__icontains=text) | Q(label_name__icontains=text) | Q(importer__name__icontains=text)
            )
    wanted = request.GET.get("sort", DEFAULT_SORT)
    column = SORTS.get(wanted.removeprefix("-"))
    order = f"{'-' if wanted.startswith('-') else ''}{column}" if column else DEFAULT_SORT
    context = {
        "form": form,
        "page_obj": Paginator(rows.order_by(order, "-id"), PAGE_SIZE).get_page(request.GET.get("page")),
        "offered": [] if by_grant else lines.offered(actor, clock.now().date()),
        "by_grant": by_grant,
        "may_write": may_draft(actor),
        "filtered": any(value for key, value in request.GET.items() if key not in {"sort", "page"}),
        "default_sort": DEFAULT_SORT,
        "asked": everything.filter(state=RequestState.INFORMATION_REQUESTED).order_by("question_deadline"),
    }
    return render(request, "requests_app/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose what the certificate is for; the draft is made by the answer."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    by_grant = actor.kind is Kind.BROKER
    exporters = exporters_of(actor) if by_grant else None
    if exporters == []:
        raise NotPermitted("SCOPE", _("Nobody lets you prepare drafts. Ask the exporter for a grant that allows it."))
    form = StartForm(request.POST or None, initial={"kind": "single"}, exporters=exporters)
    if request.method == "POST":
        if form.is_valid():
            exporter = form.cleaned_data.get("exporter", "")
            made = attempt(form, lambda: drafts.start(actor, form.cleaned_data["kind"], exporter=exporter))
            if made is not None:
                return redirect("requests:task_list", pk=made.pk)
        return render(request, "requests_app/new.html", {"form": form}, status=422)
    return render(request, "requests_app/new.html", {"form": form})
