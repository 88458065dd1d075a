"""The front door and the health answer."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.identity import Kind

#: Where each kind of person starts.
_HOME = {
    Kind.STAFF: "review:queue",
    Kind.EXPORTER: "requests:home",
    Kind.IMPORTER: "certificates:inbox",
    Kind.BROKER: "certificates:inbox",
    Kind.PERSON: "certificates:inbox",
    Kind.PLATFORM: "organizations:platform",
    Kind.SUPPORT: "review:queue",
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the person's own desk; to a short welcome for everybody else."""
    target = _HOME.get(request.identity.kind)  # type: ignore[attr-defined]
    if target:
        return redirect(target)
    return render(request, "welcome.html")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Whether this process and its database answer; says nothing about tenants."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
