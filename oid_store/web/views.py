"""The page that looks a record up by its number: its state for anybody, all of it for the certifier's key."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views import View

from oid_store.domain import limits
from oid_store.domain.keys import caller_of
from oid_store.domain.record import NOP_ID, NUMBER, kg, shown_status
from oid_store.domain.rejection import Rejection
from oid_store.models import Certificate


class LookUpForm(forms.Form):
    """A certificate number, and a key for those who have one."""

    number = forms.CharField(
        label=_("Certificate number"), max_length=40, help_text=_("For example 101-1012345678-000001")
    )
    key = forms.CharField(
        label=_("Access key (optional)"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("With the issuing certifier's key the whole record is shown."),
    )

    def clean_number(self) -> str:
        """The number; says so when a NOP ID or a draft number was typed."""
        number = str(self.cleaned_data["number"]).strip()
        if NOP_ID.fullmatch(number):
            raise forms.ValidationError(_("This is a NOP ID, not a certificate number."))
        if "draft" in number.lower():
            raise forms.ValidationError(_("Draft numbers are not valid."))
        if not NUMBER.fullmatch(number):
            raise forms.ValidationError(_("A certificate number has the form 000-0000000000-000000."))
        return number


class LookUpView(View):
    """The form, and the record that was asked for. A key is only ever sent by POST."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form."""
        return render(request, "oid_store/look_up.html", {"form": LookUpForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """The record, or what is wrong."""
        try:
            limits.count_call(f"page {request.META.get('REMOTE_ADDR', '')}", settings.ANONYMOUS_RATE_PER_MINUTE)
        except Rejection as rejection:
            return HttpResponse(
                str(rejection), status=rejection.status, headers=rejection.headers, content_type="text/plain"
            )
        form = LookUpForm(request.POST)
        context: dict[str, object] = {"form": form}
        if form.is_valid():
            self._find(form, context)
        return render(request, "oid_store/look_up.html", context, status=200 if context.get("record") else 404)

    def _find(self, form: LookUpForm, context: dict[str, object]) -> None:
        key = form.cleaned_data["key"].strip()
        caller = caller_of(key) if key else None
        if key and caller is None:
            form.add_error("key", _("The key is unknown or revoked."))
            return
        certificate = (
            Certificate.objects.filter(number=form.cleaned_data["number"])
            .select_related("replaces", "replaced_by")
            .prefetch_related("actuals")
            .first()
        )
        if certificate is None:
            form.add_error("number", _("No record has this number."))
            return
        context["record"] = certificate
        context["status"] = shown_status(certificate)
        context["replaced_by"] = getattr(certificate, "replaced_by", None)
        if caller is not None and caller.certifier_code == certificate.certifier_code:
            context["full"] = True
            context["net"] = kg(certificate.net_weight_kg)
            context["actual"] = kg(certificate.actual_kg)
        elif caller is not None:
            form.add_error("key", _("The key is another certifier's: only the state of the record is shown."))
