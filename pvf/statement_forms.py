"""Which time a statement of account is about."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy

from core import clock
from core.forms import DateInput, PortalForm


class StatementForm(PortalForm):
    """Days (both inclusive) and, for a moment within the last day, a time; all in the certifier's time zone."""

    mark_optional = False
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=DateInput)
    until = forms.DateField(label=gettext_lazy("Until"), required=False, widget=DateInput)
    until_time = forms.TimeField(
        label=gettext_lazy("Until (time of day)"), required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "portal-input--short"}),
    )  # fmt: skip

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    @property
    def span(self) -> dict[str, dt.datetime | None]:
        """The span as moments; the present day ends now."""
        given, until = self.cleaned_data, None
        if given.get("until"):
            until = clock.end_of_day(given["until"], self.zone)
            if given.get("until_time"):
                local = dt.datetime.combine(given["until"], given["until_time"], ZoneInfo(self.zone))
                until = local.replace(second=59, microsecond=999999).astimezone(dt.UTC)
            elif given["until"] == clock.today_in(self.zone):
                until = None
        since = clock.start_of_day(given["since"], self.zone) if given.get("since") else None
        return {"since": since, "until": until}
