"""Forms of this floor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import DateInput, PortalForm, SearchableSelect
from pvf.models import HtsEdition


class ImportForm(PortalForm):
    """A workbook and, where staff upload it, the client it is for."""

    client = forms.ChoiceField(label=gettext_lazy("Exporter"), widget=SearchableSelect)
    file = forms.FileField(label=gettext_lazy("Workbook (XLSX)"), widget=forms.FileInput(attrs={"accept": ".xlsx"}))
    note = forms.CharField(
        label=gettext_lazy("Note to the manager"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, clients: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clients:
            self.fields["client"].choices = [("", ""), *clients]  # type: ignore[attr-defined]
        else:
            del self.fields["client"]

    def clean_file(self) -> Any:
        """Refuse a file above the limit before it is read."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
            raise forms.ValidationError(_("The file is larger than %(limit)s MB.") % {"limit": limit})
        return file


class RejectForm(PortalForm):
    """Why a proposed version is refused."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))


class EditionForm(PortalForm):
    """The first day of one edition of the tariff schedule; empty where it is not known."""

    edition = forms.ModelChoiceField(label=gettext_lazy("Edition"), queryset=HtsEdition.objects.order_by("-position"))
    first_day = forms.DateField(label=gettext_lazy("First day in force"), required=False, widget=DateInput)
