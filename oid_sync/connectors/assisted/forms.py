"""Forms of the records keyed by hand."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import CodeInput, PortalForm
from oid_sync.models import HandEntry, OidCall, Operation


class NumberForm(PortalForm):
    """The number that OID gave, typed twice where nobody else checks it."""

    number = forms.CharField(
        label=_("Certificate number that OID shows"), max_length=60, widget=CodeInput,
        help_text=_("For example 101-1010000011-000042. A draft has no valid number."),
    )  # fmt: skip
    again = forms.CharField(
        label=_("The number once more"), max_length=60, widget=CodeInput, help_text=_("Read it in OID again.")
    )
    as_shown = forms.BooleanField(
        label=_("The number names another operation than the exporter, and OID really shows it so"), required=False
    )

    def __init__(self, *args: object, two_people: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if two_people:
            del self.fields["again"]


class DoneForm(PortalForm):
    """That an act about a record was done in OID."""

    confirmed = forms.BooleanField(label=_("I have done this in OID, and OID shows it"))


class CheckForm(PortalForm):
    """The number as another person reads it in OID."""

    number = forms.CharField(label=_("Certificate number that OID shows"), max_length=60, widget=CodeInput)


class RefusedForm(PortalForm):
    """What OID says instead."""

    reason = forms.CharField(
        label=_("What OID says"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The call goes to the OID desk with this."),
    )  # fmt: skip


def entry_form(call: OidCall, entry: HandEntry, data: object = None) -> PortalForm:
    """The form that ends the keying: a number for a registration, else that it is done."""
    if call.operation == Operation.REGISTER:
        return NumberForm(data, two_people=entry.two_people)
    return DoneForm(data)  # type: ignore[arg-type]


def check_form(call: OidCall, data: object = None) -> PortalForm:
    """The form of the second person."""
    return (CheckForm if call.operation == Operation.REGISTER else DoneForm)(data)  # type: ignore[arg-type]
