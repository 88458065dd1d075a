"""The tasks of a draft: which fields belong to which, how far each is, and where a finding is mended."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.checks import Finding, Outcome
from core.templatetags.portal_format import day, kg
from requests_app import forms
from requests_app.models import Request, RequestKind


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One page of a draft. ``needed``: fields without which it is not complete; ``covers``: what findings may name."""

    name: str
    title: str | Promise
    form: type[forms.DraftForm] | None = None
    needed: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    optional: bool = False

    def fields(self) -> set[str]:
        """Every field or list that this task mends."""
        return {*(self.form.base_fields if self.form else ()), *self.covers} - {"version"}


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            "product", gettext_lazy("Product"), forms.ProductForm,
            ("line_id", "label_name", "hts_code", "origin", "standard"),
        ),
        Task(
            "quantity", gettext_lazy("Quantity and unit"), forms.QuantityForm, ("entered_quantity", "gross_kg"),
            ("net_kg",),
        ),
        Task(
            "parties", gettext_lazy("Parties"), forms.PartiesForm,
            ("importer_nop_id", "recipient_name", "consignee_name"),
        ),
        Task("transport", gettext_lazy("Transport"), forms.TransportForm, ("transport_mode", "departure_date")),
        Task(
            "rows", gettext_lazy("Lots, containers and invoices"), covers=("lots", "containers", "invoices"),
            optional=True,
        ),
        Task("period", gettext_lazy("Period"), forms.PeriodForm, ("start_date", "end_date")),
        Task("documents", gettext_lazy("Documents"), covers=("documents",)),
    )
}  # fmt: skip


def tasks_of(request: Request) -> list[Task]:
    """The tasks of this kind of request: transport comes with each shipment where there are several."""
    return [task for task in TASKS.values() if task.name != "transport" or request.kind == RequestKind.SINGLE]


def parts_of(request: Request) -> tuple[str, ...]:
    """The lists that are asked for; containers and invoices come with each shipment where there are several."""
    return ("lots", "containers", "invoices") if request.kind == RequestKind.SINGLE else ("lots",)


def task_of_field(field: str) -> Task | None:
    """The task on which a field is mended; None for what no page can mend."""
    name = field.partition(".")[0]
    return next((task for task in TASKS.values() if name in task.fields()), None)


def url_of(request: Request, task: Task) -> str:
    """The page of a task."""
    return reverse("requests:task", kwargs={"pk": request.pk, "task": task.name})


def with_links(request: Request, found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON with the page that mends each, where there is one."""
    shown = []
    for finding in found:
        entry = finding.as_json()
        task = task_of_field(finding.field)
        if task is not None and finding.outcome in {Outcome.FAIL, Outcome.WARN} and finding.mendable:
            entry |= {"url": url_of(request, task), "task": task.title}
        shown.append(entry)
    return shown


def progress(request: Request, found: Iterable[Finding]) -> list[dict[str, Any]]:
    """The steps of the task list, each with what was entered or what is wrong."""
    trouble: dict[str, list[Finding]] = {}
    for finding in found:
        task = task_of_field(finding.field)
        if task is not None and finding.outcome is Outcome.FAIL:
            trouble.setdefault(task.name, []).append(finding)
    return [_step(request, task, trouble.get(task.name, [])) for task in tasks_of(request)]


def _step(request: Request, task: Task, failures: list[Finding]) -> dict[str, Any]:
    state = _state(request, task, failures)
    hint = str(failures[0].message) if state == "attention" else _hint(request, task)
    if state == "attention" and len(failures) > 1:
        more = len(failures) - 1
        hint += " " + ngettext("(and %(n)s more)", "(and %(n)s more)", more) % {"n": more}
    return {"name": task.title, "state": state, "url": url_of(request, task), "hint": hint, "failures": failures}


def _state(request: Request, task: Task, failures: list[Finding]) -> str:
    if task.name == "documents":
        there = request.documents.filter(removed_at=None).exists()
        return ("attention" if there else "not_started") if failures else ("complete" if there else "optional")
    if task.name == "rows":
        there = any(getattr(request, part).exists() for part in parts_of(request))
        return "attention" if failures and there else "complete" if there else "optional"
    given = [getattr(request, name) not in {None, ""} for name in task.needed]
    if not any(given):
        return "not_started"
    if not all(given):
        return "in_progress"
    return "attention" if failures else "complete"


def _hint(request: Request, task: Task) -> str:
    """What was entered, in a few words."""
    words = {
        "product": request.label_name,
        "quantity": kg(request.net_kg) if request.net_kg else "",
        "parties": request.importer.name if request.importer else request.importer_nop_id,
        "transport": day(request.departure_date) if request.departure_date else "",
    }
    if task.name == "period" and request.start_date and request.end_date:
        return format_html("{} \N{EN DASH} {}", day(request.start_date), day(request.end_date))
    if task.name == "documents":
        count = request.documents.filter(removed_at=None).count()
        return ngettext("%(n)s document", "%(n)s documents", count) % {"n": count} if count else ""
    if task.name == "rows":
        counts = [getattr(request, part).count() for part in parts_of(request)]
        names = (_("lots"), _("containers"), _("invoices"))
        return ", ".join(f"{count} {name}" for count, name in zip(counts, names, strict=False) if count)
    return words.get(task.name, "")
