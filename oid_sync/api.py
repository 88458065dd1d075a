"""The API of this floor: the latest reconciliation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.identity import Identity
from oid_sync.domain.reconciliation import runs
from oid_sync.models import Drift, ReconciliationRun


class DriftSerializer(serializers.ModelSerializer[Drift]):
    """An open difference with both values."""

    class Meta:
        model = Drift
        fields = ("id", "kind", "subject", "portal_value", "other_value", "first_seen_at", "last_seen_at", "remedy")


class ReconciliationSerializer(serializers.ModelSerializer[ReconciliationRun]):
    """A run with its progress in per cent, and the drifts that are open now."""

    progress = serializers.SerializerMethodField()
    drifts = serializers.SerializerMethodField()

    class Meta:
        model = ReconciliationRun
        fields = (
            "id", "state", "full", "step", "progress", "compared", "found", "healed", "started_at", "done_at", "note",
            "drifts",
        )  # fmt: skip

    def get_progress(self, run: ReconciliationRun) -> int:
        """How far it is, in per cent."""
        return runs.progress(run)

    @extend_schema(responses=DriftSerializer(many=True))
    def get_drifts(self, run: ReconciliationRun) -> list[dict[str, Any]]:
        """The drifts that are open now."""
        rows = Drift.objects.filter(certifier_id=run.certifier_id, closed_at=None).order_by("first_seen_at")[:500]
        return [dict(row) for row in DriftSerializer(rows, many=True).data]


class LatestReconciliation(APIView):
    """The latest run of the certifier."""

    @extend_schema(responses={200: ReconciliationSerializer, 204: None}, operation_id="reconciliation_latest")
    def get(self, request: Request) -> Response:
        """The latest run, or 204 where none has been made."""
        actor: Identity = request._request.identity  # type: ignore[attr-defined]
        run = ReconciliationRun.objects.visible_to(actor).order_by("-started_at").first()
        return Response(ReconciliationSerializer(run).data) if run else Response(status=204)
