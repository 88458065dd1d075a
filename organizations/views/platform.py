"""The platform operator's page: certifiers, and nothing of theirs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.identity import actor_of
from core.refusals import attempt
from organizations.domain import certifiers
from organizations.forms import CertifierForm
from organizations.models import Certifier


@require_http_methods(["GET", "HEAD", "POST"])
def platform(request: HttpRequest) -> HttpResponse:
    """The certifiers of this installation; a new one is made here."""
    actor = actor_of(request)
    form = CertifierForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: certifiers.create(actor, **form.cleaned_data))
        if made:
            messages.success(request, _("The certifier has been made and its first manager invited."))
            return redirect("organizations:platform")
    context = {"form": form, "certifiers": Certifier.objects.order_by("name")}
    return render(request, "organizations/platform.html", context)
