"""The statement of account of one line over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from core.identity import Identity
from pvf.domain import statement

_FIGURE: dict[str, Any] = {"max_digits": 15, "decimal_places": 3}


class StatementQuery(serializers.Serializer[Any]):
    """Which time (moments with their offset, both inclusive; ``until`` not in the future) and which movements of it."""

    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    start = serializers.IntegerField(required=False, min_value=0, max_value=10**9, default=0)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=500, default=100)


class KilogramsOutput(serializers.Serializer[statement.Kilograms]):
    """Kilograms by bucket; ``authorised`` is their sum."""

    authorised = serializers.DecimalField(**_FIGURE)
    available = serializers.DecimalField(**_FIGURE)
    reserved = serializers.DecimalField(**_FIGURE)
    certified = serializers.DecimalField(**_FIGURE)
    shipped = serializers.DecimalField(**_FIGURE)


class EntryOutput(serializers.Serializer[statement.Entry]):
    """One movement: from where to where, for whom, why and by whom, and what the line held after it.

    ``agrees`` is false where the ledger's own figures after the movement differ from the sum of the movements.
    """

    sequence = serializers.IntegerField()
    at = serializers.DateTimeField()
    cause = serializers.CharField()
    reason = serializers.CharField()
    source = serializers.CharField()
    source_holder = serializers.CharField()
    target = serializers.CharField()
    target_holder = serializers.CharField()
    kg = serializers.DecimalField(**_FIGURE)
    made_by = serializers.CharField()
    after = KilogramsOutput()
    agrees = serializers.BooleanField()


class StatementOutput(serializers.Serializer[statement.Statement]):
    """A line's statement: ``count`` movements in the time asked for, of which ``entries`` shows those from ``start`` on."""

    line = serializers.UUIDField(source="line.pk")
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField()
    opening = KilogramsOutput()
    closing = KilogramsOutput()
    count = serializers.IntegerField()
    agrees = serializers.BooleanField()
    entries = EntryOutput(many=True)


class StatementView(APIView):
    """The movements of a line, with opening and closing balance, for any time that has passed."""

    @extend_schema(operation_id="pvf_line_statement", parameters=[StatementQuery], responses=StatementOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        query = StatementQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        actor: Identity = request._request.identity  # type: ignore[attr-defined]
        return Response(StatementOutput(statement.read(actor, pk, **query.validated_data)).data)
