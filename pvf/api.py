"""PVFs over HTTP: what is authorised and what is left, for the exporter itself and for the certifier's side."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request as ApiRequest
from rest_framework.response import Response
from rest_framework.views import APIView

from core.identity import actor_of
from core.pagination import Pages
from organizations.tenancy import find
from pvf.models import PVF, Balance, PVFLineTerms, PVFVersion

_FIGURE: dict[str, Any] = {"max_digits": 15, "decimal_places": 3}


class PVFOutput(serializers.ModelSerializer[PVF]):
    """A PVF: its number, its period (plain dates, both inclusive) and its state."""

    client = serializers.UUIDField(source="client_id")
    client_name = serializers.CharField(source="client.operation.name")

    class Meta:
        model = PVF
        fields = ("id", "number", "client", "client_name", "period_start", "period_end", "state")


class BalanceOutput(serializers.ModelSerializer[Balance]):
    """Kilograms of a line by bucket; ``authorised`` is their sum; ``sequence`` is the number of the last movement."""

    line = serializers.UUIDField(source="line_id")
    authorised = serializers.SerializerMethodField()
    sequence = serializers.IntegerField(source="last_sequence")

    class Meta:
        model = Balance
        fields = ("line", "authorised", "available", "reserved", "certified", "shipped", "sequence")

    @extend_schema(responses=serializers.DecimalField(**_FIGURE))
    def get_authorised(self, row: Balance) -> str:
        """Everything that came in from outside less what went back."""
        return f"{row.available + row.reserved + row.certified + row.shipped:.3f}"


class LineOutput(serializers.ModelSerializer[PVFLineTerms]):
    """A line of a PVF in force: what it says, and its kilograms."""

    id = serializers.UUIDField(source="line_id")
    pvf = serializers.UUIDField(source="line.pvf_id")
    pvf_number = serializers.CharField(source="line.pvf.number")
    line_number = serializers.IntegerField(source="line.line_number")
    client = serializers.UUIDField(source="client_id")
    balance = BalanceOutput(source="line.balance")

    class Meta:
        model = PVFLineTerms
        fields = (
            "id", "pvf", "pvf_number", "line_number", "client", "product_name", "label_name", "scope", "hts_codes",
            "origins", "authorised_kg", "balance",
        )  # fmt: skip


class LineQuery(serializers.Serializer[Any]):
    """Which lines; everything may be left out."""

    pvf = serializers.UUIDField(required=False)
    client = serializers.UUIDField(required=False)
    on = serializers.DateField(required=False)


class PVFListView(APIView):
    """PVFs, the newest period first."""

    pagination_class = Pages

    @extend_schema(
        operation_id="pvf_list",
        parameters=[OpenApiParameter("page", int), OpenApiParameter("limit", int)],
        responses=PVFOutput(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        rows = PVF.objects.visible_to(actor_of(request)).select_related("client__operation")
        pages = Pages()
        found = pages.paginate_queryset(rows.order_by("-period_start", "number", "id"), request, view=self)
        return pages.get_paginated_response(PVFOutput(found, many=True).data)


class PVFLineListView(APIView):
    """Lines of PVFs in force, with their balances."""

    pagination_class = Pages

    @extend_schema(
        operation_id="pvf_line_list",
        parameters=[LineQuery, OpenApiParameter("page", int), OpenApiParameter("limit", int)],
        responses=LineOutput(many=True),
    )
    def get(self, request: ApiRequest) -> Response:
        query = LineQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        given = query.validated_data
        wanted: dict[str, Any] = {"version__state": PVFVersion.State.APPROVED, "line__pvf__state": PVF.State.APPROVED}
        if "pvf" in given:
            wanted["line__pvf_id"] = given["pvf"]
        if "client" in given:
            wanted["client_id"] = given["client"]
        if "on" in given:
            wanted |= {"line__pvf__period_start__lte": given["on"], "line__pvf__period_end__gte": given["on"]}
        rows = PVFLineTerms.objects.visible_to(actor_of(request)).filter(**wanted)
        rows = rows.select_related("line__pvf", "line__balance")
        pages = Pages()
        found = pages.paginate_queryset(
            rows.order_by("-line__pvf__period_start", "line__pvf_id", "line__line_number"), request, view=self
        )
        return pages.get_paginated_response(LineOutput(found, many=True).data)


class PVFLineBalanceView(APIView):
    """The kilograms of one line."""

    @extend_schema(operation_id="pvf_line_balance", responses=BalanceOutput)
    def get(self, request: ApiRequest, pk: uuid.UUID) -> Response:
        return Response(BalanceOutput(find(Balance.objects.all(), actor_of(request), pk)).data)
