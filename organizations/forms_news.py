"""How a person wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms

from core.forms import PortalForm
from core.models import MailChoice
from core.topic_groups import GROUPS


class MailChoicesForm(PortalForm):
    """One choice for each group of topics that leaves one."""

    def __init__(self, *args: Any, chosen: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in GROUPS:
            if not group.always:
                self.fields[group.key] = forms.ChoiceField(
                    label=group.label, help_text=group.hint, choices=MailChoice.How.choices,
                    initial=chosen[group.key], widget=forms.Select,
                )  # fmt: skip
