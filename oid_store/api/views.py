"""The calls of the API: thin; what they do is in ``domain``."""

import datetime
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from psycopg_pool import PoolTimeout
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from oid_store.api import documents
from oid_store.api.base import StoreView
from oid_store.api.serializers import (
    ActualsSerializer,
    AmendSerializer,
    CallSerializer,
    FaultSerializer,
    RegistrationSerializer,
    VoidSerializer,
)
from oid_store.domain import changes, clock, directory, faults, limits
from oid_store.domain.calls import call_body, make_call
from oid_store.domain.codes import Code
from oid_store.domain.record import NUMBER, record_body
from oid_store.domain.registration import register
from oid_store.domain.rejection import reject
from oid_store.domain.types import Caller
from oid_store.models import Certificate, FaultRule

logger = logging.getLogger(__name__)


def _uuid(text: str, field: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise reject(Code.BAD_FILTER, field, detail="a UUID") from None


def _since(text: str) -> datetime.datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise reject(Code.BAD_FILTER, "changed_since", detail="a time in ISO 8601 with its zone, 2026-01-31T00:00:00Z")
    return moment


def _record(caller: Caller, **which: object) -> dict[str, object]:
    certificate = (
        Certificate.objects.filter(certifier_code=caller.certifier_code, **which)
        .select_related("replaces", "replaced_by")
        .prefetch_related("actuals")
        .first()
    )
    if certificate is None:
        raise reject(Code.NO_RECORD)
    return record_body(certificate)


def _repeated(answer: Response, repeat: bool) -> Response:
    if repeat:
        answer["Idempotent-Replay"] = "true"
    return answer


class CertificatesView(StoreView):
    """Register; find by reference; follow the changes."""

    def operation_of(self, request: Request) -> str:
        """``register``, ``find`` or ``list``."""
        if request.method == "POST":
            return "register"
        return "find" if "reference" in request.query_params else "list"

    @extend_schema(
        operation_id="register",
        request=RegistrationSerializer,
        responses={
            201: documents.RecordDocument,
            200: documents.RecordDocument,
            409: documents.RefusalDocument,
            **documents.REFUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Register a certificate: 201 with its number, 200 and the same body for a repeat of the reference."""
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        body, new = register(self.caller, form.registration(), self.context.request_id)
        answer = _repeated(Response(body, status=201 if new else 200), not new)
        answer["Location"] = f"/v1/certificates/{body['number']}"
        return answer

    @extend_schema(
        operation_id="find_or_list",
        parameters=[
            OpenApiParameter(
                "reference", uuid.UUID, description="Find the record of this reference; 404 when there is none."
            ),
            OpenApiParameter(
                "changed_since", datetime.datetime, description="Where to start a listing without a cursor."
            ),
            OpenApiParameter("cursor", str, description="next_cursor of the page before."),
            documents.LIMIT,
        ],
        responses={
            200: PolymorphicProxySerializer(
                "RecordOrChanges", [documents.RecordDocument, documents.ChangesDocument], resource_type_field_name=None
            ),
            410: documents.RefusalDocument,
            **documents.REFUSED,
        },
    )
    def get(self, request: Request) -> Response:
        """With ``reference``: that record. Without: the certifier's changes in order, from ``cursor`` on."""
        query = request.query_params
        if "reference" in query:
            return Response(_record(self.caller, reference=_uuid(query["reference"], "reference")))
        since = _since(query.get("changed_since", ""))
        page = changes.list_changes(self.caller, query.get("cursor", ""), since, self.page_size())
        return Response({"results": page.results, "next_cursor": page.next_cursor, "has_more": page.has_more})


class CertificateView(StoreView):
    """One record."""

    operations = {"GET": "get"}

    @extend_schema(operation_id="get", responses={200: documents.RecordDocument, **documents.REFUSED})
    def get(self, request: Request, number: str) -> Response:
        """The record with this number."""
        if not NUMBER.fullmatch(number):
            raise reject(Code.NO_RECORD)
        return Response(_record(self.caller, number=number))


class RecordCallView(StoreView):
    """Base of the calls about a record."""

    form: type[CallSerializer]

    def make(self, request: Request, number: str) -> Response:
        """Make the call, or give its first answer again."""
        form = self.form(data=request.data)
        form.is_valid(raise_exception=True)
        status, body, repeat = make_call(
            self.caller,
            number,
            form.validated_data["call_id"],
            form.call_request(),
            form.payload_sha256,
            self.context.request_id,
            on_demand=self.rejection_on_demand(),
        )
        return _repeated(Response(body, status=status), repeat)


_CALL_ANSWERS = {200: documents.CallAnswerDocument, 409: documents.RefusalDocument, **documents.REFUSED}


class ActualsView(RecordCallView):
    """Report actual weights."""

    operations = {"POST": "actuals"}
    form = ActualsSerializer

    @extend_schema(operation_id="report_actuals", request=ActualsSerializer, responses=_CALL_ANSWERS)
    def post(self, request: Request, number: str) -> Response:
        """Report the actual net weight of a shipment, correct one, or declare the total."""
        return self.make(request, number)


class AmendView(RecordCallView):
    """Amend a record."""

    operations = {"POST": "amend"}
    form = AmendSerializer

    @extend_schema(operation_id="amend", request=AmendSerializer, responses=_CALL_ANSWERS)
    def post(self, request: Request, number: str) -> Response:
        """Lower the weight, restate the lots, change transport details."""
        return self.make(request, number)


class VoidView(RecordCallView):
    """Void a record."""

    operations = {"POST": "void"}
    form = VoidSerializer

    @extend_schema(operation_id="void", request=VoidSerializer, responses=_CALL_ANSWERS)
    def post(self, request: Request, number: str) -> Response:
        """Void a live record for a reason."""
        return self.make(request, number)


class CallView(StoreView):
    """What became of a call."""

    operations = {"GET": "call"}

    @extend_schema(operation_id="call", responses={200: documents.CallDocument, **documents.REFUSED})
    def get(self, request: Request, call_id: uuid.UUID) -> Response:
        """Outcome and first answer of a call; 404 when it never arrived."""
        return Response(call_body(self.caller, call_id))


class OperationView(StoreView):
    """One operation."""

    operations = {"GET": "operation"}

    @extend_schema(operation_id="operation", responses={200: documents.OperationDocument, **documents.REFUSED})
    def get(self, request: Request, nop_id: str) -> Response:
        """The operation with this NOP ID."""
        return Response(directory.one_operation(nop_id))


class OperationsView(StoreView):
    """The directory."""

    operations = {"GET": "operations"}

    @extend_schema(
        operation_id="operations",
        parameters=[
            OpenApiParameter("status", str, description="Only operations of this status."),
            OpenApiParameter("cursor", str, description="next_cursor of the page before."),
            documents.LIMIT,
        ],
        responses={200: documents.OperationsDocument, **documents.REFUSED},
    )
    def get(self, request: Request) -> Response:
        """Operations by NOP ID."""
        query = request.query_params
        results, cursor = directory.list_operations(query.get("status", ""), query.get("cursor", ""), self.page_size())
        return Response({"results": results, "next_cursor": cursor})


class HealthView(StoreView):
    """Health, without a key."""

    operations = {"GET": "health"}
    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes: Sequence[type[BasePermission]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As for every call, but a lost database is for ``get`` to say."""
        try:
            super().initial(request, *args, **kwargs)
        except (DatabaseError, PoolTimeout):
            logger.warning("health: no database")

    @extend_schema(operation_id="health", responses={200: documents.HealthDocument, 503: documents.HealthDocument})
    def get(self, request: Request) -> Response:
        """200 when the server and its database answer, also in maintenance (said so); 503 otherwise."""
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            window = limits.open_window()
        except (DatabaseError, PoolTimeout):
            body = {"status": "failing", "database": False, "maintenance": False, "maintenance_until": None}
            return Response({**body, "faults": settings.FAULTS}, status=503)
        return Response(
            {
                "status": "ok",
                "database": True,
                "maintenance": window is not None,
                "maintenance_until": clock.stamp(window.ends_at) if window else None,
                "faults": settings.FAULTS,
            }
        )


class FaultsView(StoreView):
    """Fault rules; the address exists only where faults are allowed."""

    limited = False

    @extend_schema(operation_id="faults", responses={200: documents.FaultRulesDocument})
    def get(self, request: Request) -> Response:
        """All rules."""
        return Response({"results": [faults.rule_body(rule) for rule in FaultRule.objects.order_by("pk")]})

    @extend_schema(operation_id="add_fault", request=FaultSerializer, responses={201: documents.FaultRuleDocument})
    def post(self, request: Request) -> Response:
        """Add a rule."""
        form = FaultSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = dict(form.validated_data)
        rule = faults.add_rule(count=data.pop("next", None), **data)
        return Response(faults.rule_body(rule), status=201)

    @extend_schema(operation_id="clear_faults", responses={200: documents.ClearedDocument})
    def delete(self, request: Request) -> Response:
        """Clear all rules."""
        deleted, _ = FaultRule.objects.all().delete()
        return Response({"cleared": deleted})
