"""Filling in a request: field by field, with the kilograms converted once and the importer found in the directory."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import audit, clock, ids
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import Identity, Kind
from core.units import to_kg
from organizations import delegated
from organizations.grant_scopes import GrantScope
from organizations.models import Operation
from organizations.roles import Role
from organizations.tenancy import find
from pvf.models import PVFLine
from requests_app.domain.requests import locked, require_version, visible
from requests_app.models import (
    Request,
    RequestContainer,
    RequestInvoice,
    RequestKind,
    RequestLot,
    RequestPart,
    RequestState,
)

#: Fields that an exporter fills in, as they are named in forms, API, questions and corrections.
FIELDS = (
    "line_id", "label_name", "hts_code", "origin", "standard", "harvest_year", "entered_quantity", "entered_unit",
    "gross_kg", "packages_kind", "packages_number", "importer_nop_id", "importer_contact_email", "recipient_name",
    "recipient_nop_id", "consignee_name", "consignee_address", "destination_city", "destination_state",
    "last_handler_nop_id", "transport_mode", "port_of_lading", "port_time_zone", "vessel", "bill_of_lading",
    "departure_date", "start_date", "end_date", "kind", "replaces_certificate_id",
)  # fmt: skip

PARTS: dict[str, tuple[type[RequestPart], tuple[str, ...]]] = {
    "lots": (RequestLot, ("lot", "kg", "declared_kg")),
    "containers": (RequestContainer, ("number", "seal")),
    "invoices": (RequestInvoice, ("number", "supplier_nop_id", "kg", "invoice_date")),
}


def require_exporter(actor: Identity, *roles: Role) -> tuple[uuid.UUID, uuid.UUID]:
    """Certifier and client of an exporter's person with one of ``roles``; refuses anybody else."""
    if (
        actor.kind is not Kind.EXPORTER
        or not actor.has(*roles)
        or actor.certifier_id is None
        or actor.client_id is None
    ):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    return actor.certifier_id, actor.client_id


def writing(actor: Identity, request_id: uuid.UUID | str) -> Identity:
    """The actor as whoever writes this draft: a preparer, a signatory, or a broker on behalf of the exporter.

    Raises ``NotVisible``, ``NotPermitted`` ROLE or SCOPE.
    """
    if actor.kind is Kind.BROKER:
        return delegated.for_client(actor, visible(actor, request_id).client_id, GrantScope.DRAFTS)
    require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    return actor


def _starting(actor: Identity, exporter: str) -> tuple[Identity, uuid.UUID, uuid.UUID]:
    """Who begins a draft, of which certifier and client. A broker says for whom; an exporter has one answer."""
    if actor.kind is not Kind.BROKER:
        return actor, *require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    grants = delegated.live(actor, GrantScope.DRAFTS)
    if not grants.exists():
        text = _("Nobody lets you prepare drafts. Ask the exporter for a grant that allows it.")
        raise NotPermitted("SCOPE", text)
    wanted = {"client__operation__nop_id": exporter} if exporter.isdigit() else {"client_id": _key(exporter)}
    clients = list(grants.filter(**wanted).values_list("certifier_id", "client_id").distinct()[:2])
    if len(clients) != 1 or None in clients[0]:
        text = _("Choose for which exporter you prepare the request: one that lets you.")
        raise InvalidInput("ON-BEHALF", text, field="exporter")
    (certifier_id, client_id) = clients[0]
    return delegated.for_client(actor, client_id, GrantScope.DRAFTS), certifier_id, client_id


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def start(actor: Identity, kind: str = RequestKind.SINGLE, *, exporter: str = "") -> Request:
    """A new, empty draft of the actor's client; of a broker, of the ``exporter`` (client's id or NOP ID) that lets it.

    Raises ``NotPermitted`` ROLE or SCOPE, ``InvalidInput`` KIND or ON-BEHALF.
    """
    actor, certifier_id, client_id = _starting(actor, exporter)
    if kind not in RequestKind.values:
        raise InvalidInput("KIND", _("Choose one shipment or several in a period."), field="kind")
    request = Request(
        certifier_id=certifier_id, client_id=client_id, reference="R-" + ids.readable_code(7), kind=kind,
        broker_id=actor.broker_id if actor.kind is Kind.BROKER else None, created_by=actor.user_id, changed_by=actor.user_id,
    )  # fmt: skip
    request.save(force_insert=True)
    audit.record(actor, "request.start", "request", request.pk, after={"reference": request.reference, "kind": kind})
    return request


@transaction.atomic
def save(actor: Identity, request_id: uuid.UUID, changes: Mapping[str, Any], *, expected_version: int) -> Request:
    """Change fields of a draft. Raises ``InvalidInput`` naming the field, ``Conflict`` STALE or REQUEST-STATE."""
    actor = writing(actor, request_id)
    request = locked(actor, request_id)
    _require_draft(request)
    require_version(request, expected_version)
    return set_fields(actor, request, changes, act="request.save")


def set_fields(actor: Identity, request: Request, changes: Mapping[str, Any], *, act: str) -> Request:
    """Set fields of a locked request, with what follows from them, and count its version up."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        name = min(unknown)
        raise InvalidInput("FIELD-UNKNOWN", _("There is no field %(name)s.") % {"name": name}, field=name)
    before = {name: getattr(request, name) for name in changes}
    for name, value in changes.items():
        setattr(request, name, _clean(actor, request, name, value))
    _derive(request, changes)
    try:
        request.clean_fields(exclude=[field.name for field in Request._meta.fields if field.name not in changes])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput("FIELD", messages[0], field=field) from error
    touch(actor, request)
    request.save()
    after = {name: getattr(request, name) for name in changes}
    audit.record(
        actor, act, "request", request.pk, certifier_id=request.certifier_id, client_id=request.client_id,
        before=before, after={**after, "version": request.version},
    )  # fmt: skip
    return request


def _clean(actor: Identity, request: Request, name: str, value: Any) -> Any:
    if name == "line_id":
        return _line(actor, request, value)
    if isinstance(value, str):
        value = value.strip()
    field: Any = Request._meta.get_field(name)
    if value in (None, ""):
        return None if field.null else ""
    if name in {"importer_nop_id", "recipient_nop_id", "last_handler_nop_id"}:
        return str(value).replace(" ", "").replace("-", "")
    if name == "hts_code":
        return str(value).replace(".", "").replace(" ", "")
    try:
        return field.to_python(value)
    except (ValidationError, InvalidOperation) as error:
        text = _("“%(value)s” cannot be used here.") % {"value": value}
        raise InvalidInput("FIELD", text, field=name) from error


def _line(actor: Identity, request: Request, value: Any) -> uuid.UUID | None:
    if value in (None, ""):
        return None
    try:
        line = find(PVFLine.objects.all(), actor, value)
    except NotVisible as error:
        raise InvalidInput("LINE", _("Choose a line of your own PVF."), field="line_id") from error
    if line.client_id != request.client_id:
        raise InvalidInput("LINE", _("Choose a line of your own PVF."), field="line_id")
    return line.pk


def _derive(request: Request, changes: Mapping[str, Any]) -> None:
    if {"entered_quantity", "entered_unit"} & set(changes):
        request.net_kg = _kilograms(request.entered_quantity, request.entered_unit)
    if "importer_nop_id" in changes:
        nop_id = request.importer_nop_id
        request.importer = Operation.objects.filter(nop_id=nop_id).first() if nop_id else None


def _kilograms(quantity: Decimal | None, unit: str) -> Decimal | None:
    if quantity is None:
        return None
    if quantity <= 0:
        raise InvalidInput("QUANTITY", _("Enter a weight above zero."), field="entered_quantity")
    try:
        return to_kg(quantity, unit)
    except ValueError as error:
        raise InvalidInput("QUANTITY", _("This weight cannot be used."), field="entered_quantity") from error


def replace_rows(
    actor: Identity, request_id: uuid.UUID, part: str, rows: Sequence[Mapping[str, Any]], *, expected_version: int
) -> Request:
    """Put ``rows`` in the place of a draft's lots, containers or invoices. An error names part, row and column."""
    actor = writing(actor, request_id)
    request = locked(actor, request_id)
    _require_draft(request)
    require_version(request, expected_version)
    return set_rows(actor, request, part, rows)


@transaction.atomic
def set_rows(actor: Identity, request: Request, part: str, rows: Sequence[Mapping[str, Any]]) -> Request:
    """:func:`replace_rows` on a locked request, whatever its state."""
    if part not in PARTS:
        raise InvalidInput("PART", _("There is no part %(name)s.") % {"name": part}, field=part)
    model, columns = PARTS[part]
    before = [[getattr(row, name) for name in columns] for row in model.objects.filter(request=request)]  # type: ignore[misc]
    fresh = [_row(request, model, columns, part, number, row) for number, row in enumerate(rows)]
    model.objects.filter(request=request).delete()  # type: ignore[misc]
    try:
        with transaction.atomic():
            model.objects.bulk_create(fresh)
    except IntegrityError as error:
        text = _("The same number stands in two rows. Add the two up, or correct one.")
        raise InvalidInput("ROW-TWICE", text, field=part) from error
    touch(actor, request)
    request.save(update_fields=["version", "changed_by", "changed_at"])
    audit.record(
        actor, f"request.{part}", "request", request.pk, certifier_id=request.certifier_id,
        client_id=request.client_id, before={part: before}, after={part: [dict(row) for row in rows]},
    )  # fmt: skip
    return request


def _row(
    request: Request, model: type[RequestPart], columns: tuple[str, ...], part: str, number: int, row: Mapping[str, Any]
) -> RequestPart:
    values: dict[str, Any] = {}
    for name in columns:
        field: Any = model._meta.get_field(name)
        value = row.get(name)
        value = value.strip() if isinstance(value, str) else value
        try:
            values[name] = field.to_python(value) if value not in (None, "") else (None if field.null else "")
        except ValidationError as error:
            raise InvalidInput("ROW", error.messages[0], field=f"{part}.{number}.{name}") from error
    values |= {"certifier_id": request.certifier_id, "client_id": request.client_id, "request": request}
    fresh = model(**values)
    try:
        fresh.clean_fields(exclude=["certifier", "client", "request"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput("ROW", messages[0], field=f"{part}.{number}.{name}") from error
    kilograms = values.get("kg")
    if kilograms is not None and isinstance(kilograms, Decimal) and kilograms <= 0:
        raise InvalidInput("ROW", _("Enter a weight above zero."), field=f"{part}.{number}.kg")
    return fresh


def touch(actor: Identity, request: Request) -> None:
    """Count the version up: recommendations and forms on the older one are left behind."""
    request.version += 1
    request.changed_by = actor.user_id
    request.changed_at = clock.now()


def _require_draft(request: Request) -> None:
    if request.state != RequestState.DRAFT:
        text = _("The request was submitted. Only what a question names can still be changed.")
        raise Conflict("REQUEST-STATE", text, details={"state": request.state})
