"""Forms of the request page. Each carries the version that was read, so that a stale one is told what changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core.forms import CodeInput, DateInput, PortalForm, QuantityField, RadioTiles
from requests_app.domain import questions
from requests_app.domain.changes import field_label
from requests_app.models import DocumentKind, RequestState
from review.domain import queue
from review.models import RejectionReason

Choices = list[tuple[str, str | Promise]]


class QueueForm(PortalForm):
    """What to show of the queue."""

    text = forms.CharField(label=_("Reference, product or party"), required=False, max_length=80)
    state = forms.ChoiceField(label=_("State"), required=False)
    client = forms.ChoiceField(label=_("Client"), required=False)
    claim = forms.ChoiceField(label=_("Claimed"), required=False)
    overdue = forms.ChoiceField(label=_("Time"), required=False)
    mark_optional = False

    def __init__(self, *args: Any, clients: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states: Choices = [
            ("", _("All open")),
            (RequestState.SUBMITTED, _("Submitted")),
            (RequestState.IN_REVIEW, _("In review")),
            (RequestState.INFORMATION_REQUESTED, _("Information requested")),
        ]
        claim: Choices = [("", _("By anybody")), ("mine", _("By me")), ("unclaimed", _("By nobody"))]
        claim.append(("others", _("By others")))
        self._choose("state", states)
        self._choose("client", [("", _("All clients")), *clients])
        self._choose("claim", claim)
        self._choose("overdue", [("", _("Any")), ("1", _("Overdue only"))])

    def _choose(self, name: str, choices: Choices) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def wanted(self, sort: str) -> queue.QueueFilter:
        """The filter; a value that nobody offered counts as not given."""
        given = self.cleaned_data if self.is_valid() else {}
        return queue.QueueFilter(
            states=(given["state"],) if given.get("state") else (),
            client_id=given.get("client") or None,
            claim=given.get("claim", ""),
            overdue=bool(given.get("overdue")),
            text=given.get("text", ""),
            sort=sort,
        )


class ActForm(PortalForm):
    """An act on one version of a request."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class RecommendForm(ActForm):
    """A reviewer's advice."""

    approve = forms.ChoiceField(
        label=_("Recommendation"),
        choices=[("yes", _("Approve")), ("no", _("Reject"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Note to the approver"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("Stays inside the certifier. Needed when you recommend rejection."),
    )


class ApproveForm(ActForm):
    """The approver's yes."""

    note = forms.CharField(
        label=_("Note"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=_("Kept with the decision, inside the certifier."),
    )


class RejectForm(ActForm):
    """The approver's no."""

    reason = forms.ChoiceField(label=_("Reason"), choices=RejectionReason.choices, widget=RadioTiles)
    note = forms.CharField(
        label=_("What the exporter should know"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("The exporter reads this."),
    )


class AskForm(ActForm):
    """A question to the exporter: what it is about may be changed in the answer, nothing else."""

    text = forms.CharField(label=_("Question"), widget=forms.Textarea(attrs={"rows": 3}))
    fields_asked = forms.MultipleChoiceField(
        label=_("Fields it is about"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Only these can be changed in the answer."),
    )
    document_kinds = forms.MultipleChoiceField(
        label=_("Documents it is about"),
        choices=DocumentKind.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["fields_asked"]
        names = {name: field_label(name) for name in questions.NAMEABLE}
        field.choices = sorted(((name, capfirst(label)) for name, label in names.items()), key=_by_label)
        kinds: Any = self.fields["document_kinds"]
        kinds.choices = [(kind.value, capfirst(kind.label)) for kind in DocumentKind]


def _by_label(choice: tuple[str, str]) -> str:
    return choice[1].casefold()


class CorrectForm(ActForm):
    """A proposal that the exporter accepts in one act. Empty: stays as it is."""

    net_kg = QuantityField(label=_("Net weight (kg)"), required=False, help_text=_("Less than what was asked for."))
    hts_code = forms.CharField(label=_("HTS code"), required=False, max_length=14, widget=CodeInput)
    label_name = forms.CharField(label=_("Product name as on the label"), required=False, max_length=200)
    departure_date = forms.DateField(label=_("Planned departure"), required=False, widget=DateInput)
    start_date = forms.DateField(label=_("Start date"), required=False, widget=DateInput)
    end_date = forms.DateField(label=_("End date"), required=False, widget=DateInput)
    note = forms.CharField(label=_("Note to the exporter"), widget=forms.Textarea(attrs={"rows": 2}), required=False)

    def changes(self) -> dict[str, Any]:
        """What is proposed."""
        names = ("net_kg", "hts_code", "label_name", "departure_date", "start_date", "end_date")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name) not in {None, ""}}


class OverrideForm(ActForm):
    """A manager sets one failure aside."""

    code = forms.ChoiceField(label=_("Check"))
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept with the decision. Another person must approve."),
    )

    def __init__(self, *args: Any, codes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["code"]
        field.choices = codes


class PlainForm(PortalForm):
    """An act without anything to fill in."""
