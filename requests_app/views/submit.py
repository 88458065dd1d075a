"""Before submitting: what is missing and where it is mended; then the signatory's word."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.checks import Moment
from core.errors import DomainError, NotPermitted
from core.identity import Identity
from core.templatetags.portal_format import kg
from organizations import delegated
from organizations.roles import Role
from organizations.rules import rules_of
from requests_app.domain import checking, service_clock, submission
from requests_app.domain.requests import visible
from requests_app.forms import SubmitForm
from requests_app.models import RequestState
from requests_app.views import content, steps
from requests_app.views.tasks import asking, balance_of


@require_http_methods(["GET", "HEAD", "POST"])
def review_submit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """All findings, the deficiencies first, each with its task; a signatory submits."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    form = SubmitForm(request.POST or None, initial={"version": seen.version})
    status = 200
    if request.method == "POST":
        if not actor.has(Role.SIGNATORY):
            raise NotPermitted("ROLE", _("Only a signatory submits a request."))
        status = 422
        if form.is_valid():
            try:
                # not in a savepoint: what the checks found stays on record also where they refuse
                done = submission.submit(actor, pk, expected_version=form.cleaned_data["version"])
            except DomainError as error:
                status = error.status
                if error.code == "STALE":
                    data = request.POST.copy()
                    data["version"] = str(visible(actor, pk).version)
                    form = SubmitForm(data)
                    form.is_valid()
                form.add_error(None, str(error.message))
            else:
                words = {"reference": done.reference, "kg": kg(done.net_kg)}
                messages.success(request, _("%(reference)s is submitted; %(kg)s are reserved.") % words)
                return redirect("requests:detail", pk=pk)
    elif seen.state != RequestState.DRAFT:
        return redirect("requests:detail", pk=pk)
    seen = visible(actor, pk)
    found = checking.findings(actor, seen, Moment.SUBMIT)
    balance = balance_of(seen)
    context = {
        "request_obj": seen,
        "form": form,
        "findings": steps.with_links(seen, found),
        "deficiencies": steps.with_links(seen, checking.mendable_failures(found)),
        "content": content.of_request(seen),
        "balance": balance,
        "asking": asking(seen, balance),
        "prepared_by": delegated.each_person_once(delegated.acts_on(seen.certifier_id, seen.pk)),
        "is_signatory": actor.has(Role.SIGNATORY),
        "decide_by": service_clock.decide_by_if_submitted(seen, rules_of(seen.certifier_id)),
    }
    return render(request, "requests_app/review_submit.html", context, status=status)
