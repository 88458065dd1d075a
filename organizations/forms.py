"""Forms of people, clients, brokers, keys and settings."""

from __future__ import annotations

import dataclasses
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.validators import RegexValidator
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core.forms import CheckboxTiles, CodeInput, DateInput, Fieldset, PortalForm, RadioTiles, SearchableSelect
from organizations.domain.parties import ROLES_OF_SIDE
from organizations.grant_scopes import HINTS, GrantScope, certificates_alone
from organizations.models import CERTIFIER_CODE, NOP_ID, Broker, Certifier, OperationStatus
from organizations.models_sign_on import SignOnProvider
from organizations.roles import Role
from organizations.rules import LIMITS, Rules

ROLE_HINTS = {
    Role.REVIEWER: _("Works the queue, asks questions, recommends."),
    Role.APPROVER: _("Decides requests, voids certificates."),
    Role.MANAGER: _("People, clients, Product Verification Forms, settings, overrides."),
    Role.AUDITOR: _("Reads everything of the certifier, changes nothing."),
    Role.PREPARER: _("Writes drafts of requests."),
    Role.SIGNATORY: _("Submits requests, reports shipments, lets colleagues in."),
    Role.VIEWER: _("Reads only."),
    Role.IMPORTER: _("Sees the importer's certificates, confirms receipt."),
    Role.BROKER: _("Acts for importers and exporters, as far as they let it."),
}


class RolesForm(PortalForm):
    """The roles of one person in an organisation of one side."""

    roles = forms.MultipleChoiceField(label=_("Roles"))

    def __init__(self, *args: Any, side: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = ROLES_OF_SIDE[side]
        field = self.fields["roles"]
        field.widget = CheckboxTiles(hints={role.value: ROLE_HINTS[role] for role in roles})
        field.choices = [(role.value, capfirst(role.label)) for role in roles]  # type: ignore[attr-defined]
        if len(roles) == 1:
            field.initial = [roles[0].value]


class InviteForm(RolesForm):
    """Who is invited, and as what."""

    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("The person gets a link that works once, for 14 days.")
    )
    field_order = ["email", "roles"]


class NewAccountForm(PortalForm):
    """What a new person tells of themselves when they accept an invitation."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        """The password, if it is strong enough."""
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class ConfirmImporterForm(PortalForm):
    """A manager's confirmation that a person acts for an importer."""

    nop_id = forms.CharField(label=_("NOP ID of the importer"), validators=[NOP_ID], widget=CodeInput)
    email = forms.EmailField(label=_("E-mail address of the person"))
    evidence = forms.CharField(
        label=_("How you know that this person acts for the importer"),
        help_text=_("Kept in the audit trail."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AskCodeForm(PortalForm):
    """The importer whose address in OID gets a code."""

    nop_id = forms.CharField(label=_("NOP ID of the importer"), validators=[NOP_ID], widget=CodeInput)


class EnterCodeForm(AskCodeForm):
    """The code that the importer's office received."""

    code = forms.CharField(label=_("Code"), max_length=20, widget=CodeInput)


class GrantForm(PortalForm):
    """A broker, what it may do, and the last day of it."""

    broker = forms.ModelChoiceField(label=_("Broker"), queryset=Broker.objects.none(), widget=SearchableSelect)
    scopes = forms.MultipleChoiceField(label=_("What it may do"), required=False)
    valid_until = forms.DateField(
        label=_("Last day"), widget=DateInput, help_text=_("At most a year from now. It ends with that day, in UTC.")
    )

    def __init__(self, *args: Any, offered: Sequence[GrantScope] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["broker"].queryset = Broker.objects.order_by("name")  # type: ignore[attr-defined]
        field = self.fields["scopes"]
        field.widget = CheckboxTiles(hints={scope.value: HINTS[scope] for scope in offered})
        field.choices = [(scope.value, capfirst(scope.label)) for scope in offered]  # type: ignore[attr-defined]
        field.initial = certificates_alone()


class BrokerForm(PortalForm):
    """A broker that the portal does not know yet."""

    name = forms.CharField(label=_("Name of the broker"), max_length=200)
    email = forms.EmailField(label=_("E-mail address of its first person"))


class AccessReviewForm(PortalForm):
    """The confirmation of an access review; ``digest`` is the list that was shown."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("What you found and what you changed"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class OperatorPersonForm(PortalForm):
    """What the platform operator does about one person, and why."""

    email = forms.EmailField(label=_("E-mail address of the person"))
    act = forms.ChoiceField(
        label=_("What to do"),
        choices=[
            ("close", _("Close the account")), ("open", _("Open the account again")),
            ("reset", _("Take away a lost second step")),
        ],
        widget=RadioTiles(hints={
            "close": _("The person is signed out everywhere at once, and their API keys are revoked."),
            "open": _("The person may sign in again, with the memberships that have not ended."),
            "reset": _("The person signs in with the password and sets up another second step."),
        }),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why"), help_text=_("Kept in the audit trail: how you know who asked."), max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class TokenForm(PortalForm):
    """A name and a life for a key."""

    name = forms.CharField(label=_("What the key is for"), max_length=100)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=366, initial=90)


class ClientForm(PortalForm):
    """The certifier's own record of a client."""

    own_status = forms.ChoiceField(
        label=_("Standing in your own records"),
        choices=OperationStatus.choices,
        help_text=_("The stricter of this and the directory counts (EXP-1)."),
    )
    reference = forms.CharField(label=_("Your reference"), max_length=40, required=False)
    contact_email = forms.EmailField(label=_("Contact"), required=False)
    max_period_months = forms.IntegerField(
        label=_("Longest period in months"), min_value=1, max_value=18, required=False,
        help_text=_("Empty: as in the settings."),
    )  # fmt: skip


class NewClientForm(PortalForm):
    """An operation of the directory that becomes a client."""

    nop_id = forms.CharField(label=_("NOP ID"), validators=[NOP_ID], widget=CodeInput)
    reference = forms.CharField(label=_("Your reference"), max_length=40, required=False)
    contact_email = forms.EmailField(
        label=_("Contact"), required=False, help_text=_("Empty: the address in the directory.")
    )


class CertifierForm(PortalForm):
    """A new certifier and its first manager."""

    name = forms.CharField(label=_("Name"), max_length=200)
    slug = forms.SlugField(label=_("Short name for addresses"))
    code = forms.CharField(label=_("Certifier code in OID"), validators=[CERTIFIER_CODE], widget=CodeInput)
    country = forms.RegexField(label=_("Country"), regex=r"^[A-Z]{2}$", help_text=_("Two letters, for example PE."))
    time_zone = forms.ChoiceField(label=_("Time zone"), widget=SearchableSelect)
    address = forms.CharField(label=_("Address"), max_length=300, required=False)
    email = forms.EmailField(label=_("E-mail address of the office"), required=False)
    manager_email = forms.EmailField(label=_("E-mail address of the first manager"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        self.fields["time_zone"].choices = [("", ""), *((zone, zone) for zone in zones)]  # type: ignore[attr-defined]


class SupportForm(PortalForm):
    """A support session: at whom, why, and for how long."""

    certifier = forms.ModelChoiceField(label=_("Certifier"), queryset=Certifier.objects.none(), widget=SearchableSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("For example the number of the ticket. The certifier reads it.")
    )
    minutes = forms.TypedChoiceField(
        label=_("Length"), coerce=int, initial=60,
        choices=[(30, _("30 minutes")), (60, _("1 hour")), (240, _("4 hours")), (480, _("8 hours"))],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["certifier"].queryset = Certifier.objects.order_by("name")  # type: ignore[attr-defined]


LABELS = {
    "max_period_months": _("Longest period of a certificate (months)"),
    "service_target_working_days": _("Service target (working days)"),
    "hard_limit_days": _("Hard limit for a decision (days)"),
    "departure_buffer_hours": _("Buffer before departure (hours)"),
    "question_deadline_days": _("Time to answer a question (days)"),
    "directory_max_age_days": _("Age of directory data that warns (days)"),
    "past_pvf_end_fails": _("A period past the end of the PVF fails instead of warning"),
    "overdue_actuals_fail": _("Overdue actual weights fail instead of warning"),
    "actuals_due_days_before_end": _("Actual weights are due before expiry (days)"),
    "close_out_days_after_end": _("The unshipped rest is closed out after expiry (days)"),
    "four_eyes": _("The approver must be another person than the reviewer"),
    "number_nop_mismatch_fails": _("A number that does not fit certifier and NOP ID is refused"),
    "register_after_outage": _("Continuity documents are registered once OID is back"),
    "standards": _("Organic standards"),
    "document_kinds_single": _("Documents required for one shipment"),
    "document_kinds_multiple": _("Documents required for several shipments"),
}
_WORD = RegexValidator(r"^[A-Za-z0-9_.+-]{1,40}(\s+[A-Za-z0-9_.+-]{1,40})*$", _("One code a line, without spaces."))


def _field_of(name: str, present: Any) -> forms.Field:
    label = LABELS[name]
    if isinstance(present, bool):
        return forms.BooleanField(label=label, required=False)
    if isinstance(present, int):
        low, high = LIMITS[name]
        return forms.IntegerField(label=label, min_value=low, max_value=high)
    return forms.CharField(
        label=label, required=False, validators=[_WORD], widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One code a line."),
    )  # fmt: skip


class DirectoryUploadForm(PortalForm):
    """OID's workbook or XML, and the day of its data where the name does not tell it."""

    file = forms.FileField(
        label=_("Workbook or XML"), help_text=_("INTEGRITY_Data_YYYYMM01.xlsx, or XML of the read API (also as ZIP).")
    )
    as_of = forms.DateField(
        label=_("Day of the data"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Only where the file's name does not tell it."),
    )  # fmt: skip
    may_shrink = forms.BooleanField(label=_("Accept that far fewer operations are listed than before"), required=False)


class LetterheadForm(PortalForm):
    """What stands at the head of the certificates; ``version`` is the one the form was made from."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    accreditation = forms.CharField(
        label=_("Accreditation"), max_length=120, required=False,
        help_text=_("One line beside the certifier code, for example: Accredited by USDA since 2004."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Further lines"), max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("At most four lines under the address, for example telephone and web site."),
    )  # fmt: skip
    logo = forms.FileField(
        label=_("New logo"), required=False, widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("A PNG or JPEG picture of at most 1 MB. It is printed at most 60 mm wide and 17 mm high."),
    )  # fmt: skip
    remove_logo = forms.BooleanField(label=_("Print no logo"), required=False)


class SignOnForm(PortalForm):
    """The certifier's identity provider (OpenID Connect)."""

    issuer = forms.CharField(
        label=_("Issuer"), max_length=300, widget=CodeInput,
        help_text=_("The address that the provider calls itself by; its discovery document is found below it."),
    )  # fmt: skip
    client_id = forms.CharField(label=_("Client ID"), max_length=300, widget=CodeInput)
    client_secret = forms.CharField(
        label=_("Client secret"), max_length=500, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is stored encrypted and never shown again. Leave it blank to keep the present one."),
    )  # fmt: skip
    name = forms.CharField(label=_("Name on the button"), max_length=60)
    required = forms.BooleanField(
        label=_("Staff must sign in by it"), required=False,
        help_text=_("Passwords are refused to your staff then, except to managers: they can still mend this page."),
    )  # fmt: skip
    second_step = forms.BooleanField(
        label=_("Its second step counts"), required=False,
        help_text=_("Where it says that it asked for more than one factor, this portal asks for no second step of its own."),
    )  # fmt: skip

    def __init__(self, *args: Any, provider: SignOnProvider | None, **kwargs: Any) -> None:
        names = ("issuer", "client_id", "name", "required", "second_step")
        kwargs["initial"] = {name: getattr(provider, name) for name in names} if provider else {}
        super().__init__(*args, **kwargs)

    def given(self) -> dict[str, Any]:
        """What was typed, as ``sign_on.propose`` takes it; call it on a valid form."""
        return dict(self.cleaned_data)


class SettingsForm(PortalForm):
    """Every rule of :class:`~organizations.rules.Rules`, by its type; ``version`` is the one the form was made from."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    fieldsets = (
        Fieldset(_("Deadlines"), [
            "service_target_working_days", "hard_limit_days", "departure_buffer_hours", "question_deadline_days",
            "actuals_due_days_before_end",
            "close_out_days_after_end",
        ]),
        Fieldset(_("Checks"), [
            "max_period_months", "directory_max_age_days", "past_pvf_end_fails", "overdue_actuals_fail", "four_eyes",
            "standards", "document_kinds_single", "document_kinds_multiple",
        ]),
        Fieldset(_("OID"), ["number_nop_mismatch_fails", "register_after_outage"]),
    )  # fmt: skip

    def __init__(self, *args: Any, rules: Rules, version: int, **kwargs: Any) -> None:
        values = dataclasses.asdict(rules)
        initial = {name: "\n".join(value) if isinstance(value, tuple) else value for name, value in values.items()}
        kwargs["initial"] = initial | {"version": version}
        super().__init__(*args, **kwargs)
        self._lists = [name for name, value in values.items() if isinstance(value, tuple)]
        for name, value in values.items():
            self.fields[name] = _field_of(name, value)

    def changes(self) -> dict[str, Any]:
        """The rules as typed; call it on a valid form."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        for name in self._lists:
            values[name] = tuple(values[name].split())
        return values
