"""EXP, IMP, SUP: are the parties certified today, and are they who they say?"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck, is_certified
from requests_app.domain.facts import RequestFacts


@registry.register
class ExporterCertified(RequestCheck):
    """EXP-1: Certified today, by the stricter of the directory and the certifier's own record."""

    code = "EXP-1"
    title = gettext_lazy("The exporter is Certified")
    citation = "7 CFR 205.273(a)"
    overridable = False
    needs_lock = True
    mendable = False

    def judge(self, facts: RequestFacts) -> Finding:
        operation = facts.client.operation
        figures: dict[str, Any] = {
            "nop_id": operation.nop_id, "directory_status": operation.status, "own_status": facts.client.own_status,
            "directory_date": facts.directory_day(operation),
        }  # fmt: skip
        if not is_certified(operation.status) or not is_certified(facts.client.own_status):
            words = {"directory": operation.get_status_display(), "own": facts.client.get_own_status_display()}
            text = _("Directory: %(directory)s. Certifier's record: %(own)s. Both must be Certified.")
            return self.failed(text % words, **figures)
        return self.with_directory_age(facts, operation, self.passed(_("Certified on both records."), **figures))


@registry.register
class ExporterScope(RequestCheck):
    """EXP-2: the exporter's scopes cover the product's."""

    code = "EXP-2"
    title = gettext_lazy("The exporter's scope fits the product")
    citation = "7 CFR 205.400"
    mendable = False

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.terms is None:
            return self.not_applicable(_("No product is chosen yet."))
        scopes, needed = facts.client.operation.scopes, facts.terms.scope
        figures: dict[str, Any] = {"scope": needed, "scopes": scopes}
        if needed not in scopes:
            words = {"scope": needed, "scopes": ", ".join(scopes) or "–"}
            return self.failed(_("The product needs %(scope)s; certified are: %(scopes)s.") % words, **figures)
        return self.passed(_("The scope is certified."), **figures)


@registry.register
class ImporterCertified(RequestCheck):
    """IMP-1: the importer's NOP ID is in the directory and Certified."""

    code = "IMP-1"
    title = gettext_lazy("The importer is known and Certified")
    citation = "7 CFR 205.273(b)"
    overridable = False
    needs_lock = True
    field = "importer_nop_id"

    def judge(self, facts: RequestFacts) -> Finding:
        nop_id, operation = facts.request.importer_nop_id, facts.importer
        if not nop_id:
            return self.failed(_("Enter the importer's NOP ID."), nop_id="")
        if operation is None:
            words = {"nop_id": nop_id}
            return self.failed(_("%(nop_id)s is not in the directory.") % words, nop_id=nop_id, directory_status="")
        figures: dict[str, Any] = {
            "nop_id": nop_id, "name": operation.name, "directory_status": operation.status,
            "directory_date": facts.directory_day(operation),
        }  # fmt: skip
        if not is_certified(operation.status):
            words = {"name": operation.name, "status": operation.get_status_display()}
            return self.failed(_("%(name)s is listed as %(status)s.") % words, **figures)
        words = {"name": operation.name}
        return self.with_directory_age(facts, operation, self.passed(_("%(name)s is Certified.") % words, **figures))


@registry.register
class PartiesCompared(RequestCheck):
    """IMP-2: importer of record, recipient and ultimate consignee side by side."""

    code = "IMP-2"
    title = gettext_lazy("Importer, recipient and consignee are compared")
    citation = "7 CFR 205.273(b)"
    field = "recipient_name"

    def judge(self, facts: RequestFacts) -> Finding:
        request = facts.request
        importer = facts.importer.name if facts.importer else ""
        figures: dict[str, Any] = {
            "importer": importer, "recipient": request.recipient_name, "recipient_nop_id": request.recipient_nop_id,
            "consignee": request.consignee_name,
        }  # fmt: skip
        if not importer:
            return self.not_applicable(_("The importer is not known yet."), **figures)
        names = {name.casefold().strip() for name in (importer, request.recipient_name, request.consignee_name) if name}
        if len(names) > 1 or (request.recipient_nop_id and request.recipient_nop_id != request.importer_nop_id):
            return self.warned(_("Importer of record, recipient and consignee are not the same."), **figures)
        return self.passed(_("All three are the same."), **figures)


@registry.register
class SuppliersCertified(RequestCheck):
    """SUP-1: suppliers and last handler are known and Certified."""

    code = "SUP-1"
    title = gettext_lazy("Suppliers and last handler are Certified")
    citation = "7 CFR 205.273(d)"
    field = "last_handler_nop_id"

    def judge(self, facts: RequestFacts) -> Finding:
        wanted = {row.supplier_nop_id for row in facts.invoices if row.supplier_nop_id}
        if facts.request.last_handler_nop_id:
            wanted.add(facts.request.last_handler_nop_id)
        if not wanted:
            return self.not_applicable(_("No supplier or last handler is named."))
        known = facts.suppliers
        rows = [
            {"nop_id": nop_id, "name": known[nop_id].name if nop_id in known else "",
             "status": known[nop_id].status if nop_id in known else ""}
            for nop_id in sorted(wanted)
        ]  # fmt: skip
        bad = [row["nop_id"] for row in rows if not is_certified(row["status"])]
        figures: dict[str, Any] = {"suppliers": rows}
        if known:
            figures["directory_date"] = min(facts.directory_day(row) for row in known.values())
        if bad:
            text = _("Not Certified, or not in the directory: %(ids)s.") % {"ids": ", ".join(bad)}
            return self.failed(text, **figures)
        passed = self.passed(_("All are Certified."), **figures)
        oldest = min(known.values(), key=lambda row: (row.last_seen is None, facts.directory_day(row)))
        return self.with_directory_age(facts, oldest, passed)
