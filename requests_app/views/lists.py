"""The exporter's requests, and starting a new one."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.identity import Identity
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


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My requests, and what is left on each line of my PVF."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    form = HomeForm(request.GET or None)
    rows = Request.objects.visible_to(actor).select_related("importer")
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
        "offered": lines.offered(actor, clock.now().date()),
        "may_write": may_write(actor),
        "filtered": any(value for key, value in request.GET.items() if key not in {"sort", "page"}),
        "default_sort": DEFAULT_SORT,
        "asked": everything.filter(state=RequestState.INFORMATION_REQUESTED).order_by("question_deadline"),
    }
    return render(request, "requests_app/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose what the certificate is for; the draft is made by the answer."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    form = StartForm(request.POST or None, initial={"kind": "single"})
    if request.method == "POST":
        if form.is_valid():
            made = drafts.start(actor, form.cleaned_data["kind"])
            return redirect("requests:task_list", pk=made.pk)
        return render(request, "requests_app/new.html", {"form": form}, status=422)
    return render(request, "requests_app/new.html", {"form": form})
