"""The typed settings of a certifier.

Everything the field does uncertainly (no public source found) is a setting here with the default the field expects;
nothing of it stands in code elsewhere. Values are stored versioned in ``CertifierSettings``.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any, get_type_hints

from django.utils.translation import gettext as _

from core import clock
from core.errors import InvalidInput
from organizations.models import CertifierSettings


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """One certifier's rules. Days are calendar days unless a name says working days."""

    max_period_months: int = 12
    """Longest period of a certificate in months; the field knows up to 18."""
    service_target_working_days: int = 5
    """Days to a decision at the standard service level, on the certifier's calendar."""
    service_cut_off_hour: int = 24
    """Hour of the day, in the certifier's time zone, from which a request counts as of the next day; 24: none."""
    hard_limit_days: int = 30
    """Days within which a request must be decided."""
    departure_buffer_hours: int = 24
    """Hours before departure by which a decision is safe."""
    question_deadline_days: int = 14
    """Days an exporter has to answer a question before the request may lapse."""
    directory_max_age_days: int = 35
    """Age of directory data above which a check warns."""
    past_pvf_end_fails: bool = False
    """Whether a period that runs past the end of the PVF fails PVF-1 instead of warning."""
    overdue_actuals_fail: bool = False
    """Whether overdue actuals fail ACT-1 instead of warning."""
    actuals_due_days_before_end: int = 7
    """Days before expiry by which actual net weights are due."""
    close_out_days_after_end: int = 7
    """Days after expiry in which shipments of its period may still be reported, before the rest is closed out."""
    four_eyes: bool = True
    """Whether the approver must be another person than the reviewer who recommended."""
    number_nop_mismatch_fails: bool = False
    """Whether a certificate number whose parts do not match certifier and NOP ID is refused instead of warned about."""
    register_after_outage: bool = True
    """Whether continuity documents are registered once OID is back."""
    standards: tuple[str, ...] = ("USDA-NOP",)
    """Organic standards this certifier may issue under."""
    document_kinds_single: tuple[str, ...] = ("commercial_invoice",)
    """Documents required of a request for one shipment."""
    document_kinds_multiple: tuple[str, ...] = ()
    """Documents required of a request for several shipments: never a bill of lading before loading."""


_HINTS = get_type_hints(Rules)
LIMITS: dict[str, tuple[int, int]] = {
    "max_period_months": (1, 18),
    "service_target_working_days": (1, 30),
    "service_cut_off_hour": (1, 24),
    "hard_limit_days": (1, 60),
    "departure_buffer_hours": (0, 240),
    "question_deadline_days": (1, 90),
    "directory_max_age_days": (1, 365),
    "actuals_due_days_before_end": (1, 60),
    "close_out_days_after_end": (0, 30),
}


#: What a single manager does not change: the level of checks, and the form of numbers.
BY_TWO_MANAGERS = frozenset({"past_pvf_end_fails", "overdue_actuals_fail", "number_nop_mismatch_fails"})


def needs_two_managers(name: str, value: Any) -> bool:
    """Whether giving a rule this value is for two managers. Four eyes: switching off is, switching on is not."""
    return name in BY_TWO_MANAGERS or (name == "four_eyes" and value is False)


#: Settings of earlier versions that stand somewhere else now: what is stored of them is passed over.
RETIRED = frozenset({"connector"})


def parse_rules(values: dict[str, Any]) -> Rules:
    """Rules from stored or typed values. Raises :class:`InvalidInput` naming the setting that does not fit."""
    hints = _HINTS
    clean: dict[str, Any] = {}
    for name, value in values.items():
        if name not in hints:
            raise InvalidInput("SET-UNKNOWN", _("There is no setting %(name)s.") % {"name": name}, field=name)
        clean[name] = _clean(name, value, hints[name])
    return Rules(**clean)


def _clean(name: str, value: Any, hint: Any) -> Any:
    wrong = InvalidInput("SET-TYPE", _("The setting %(name)s has an unusable value.") % {"name": name}, field=name)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        low, high = LIMITS[name]
        if not low <= value <= high:
            text = _("The setting %(name)s must lie between %(low)s and %(high)s.")
            raise InvalidInput("SET-RANGE", text % {"name": name, "low": low, "high": high}, field=name)
        return value
    if hint is str and isinstance(value, str) and value:
        return value
    if hint == tuple[str, ...] and isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise wrong


def rules_of(certifier_id: uuid.UUID) -> Rules:
    """The rules in force for a certifier; the defaults where it has set none."""
    row = CertifierSettings.objects.filter(certifier_id=certifier_id).order_by("-version").values("values").first()
    return stored_rules(row["values"] if row else None)


def stored_rules(values: dict[str, Any] | None) -> Rules:
    """Rules from the values of the version in force; the defaults where there is none."""
    return Rules() if values is None else parse_rules(_in_use(values))


def _in_use(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in RETIRED}


def change_rules(
    certifier_id: uuid.UUID,
    changes: dict[str, Any],
    changed_by: uuid.UUID | None,
    *,
    guarded_change_id: uuid.UUID | None = None,
) -> CertifierSettings:
    """A new version of a certifier's settings with ``changes`` over the present one (the caller writes the audit row)."""
    last = CertifierSettings.objects.select_for_update().filter(certifier_id=certifier_id).order_by("-version").first()
    rules = parse_rules({**(_in_use(last.values) if last else {}), **changes})
    row = CertifierSettings(
        certifier_id=certifier_id,
        version=(last.version if last else 0) + 1,
        values=dataclasses.asdict(rules),
        created_by=changed_by,
        created_at=clock.now(),
        guarded_change_id=guarded_change_id,
    )
    row.save(force_insert=True)
    return row
