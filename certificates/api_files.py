"""Previews and bundles over HTTP: asked for, looked after, fetched when they are ready."""

from __future__ import annotations

import uuid
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from certificates.api import AnyType
from certificates.domain import bundles, previews
from certificates.models import Bundle, CertificateState, MadeFile, Preview
from certificates.views_files import file_answer
from core.errors import NotVisible
from core.identity import actor_of
from core.serializers import validated
from organizations.tenancy import find
from requests_app.domain.requests import visible

ZIP = "application/zip"


class BundleInput(serializers.Serializer[Any]):
    """Which certificates: nothing given means all. Days of issue by UTC, both included."""

    state = serializers.ChoiceField(choices=CertificateState.choices, required=False, default="", allow_blank=True)
    since = serializers.DateField(required=False, default=None, allow_null=True)
    until = serializers.DateField(required=False, default=None, allow_null=True)
    exporter = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    importer = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    all_versions = serializers.BooleanField(required=False, default=False)


class BundleSerializer(serializers.ModelSerializer[Bundle]):
    """A ZIP of documents. ``file`` is null until ``state`` is *ready*; ``done`` of ``total`` certificates are in it so far."""

    state = serializers.ChoiceField(choices=MadeFile.State.choices)
    file = serializers.SerializerMethodField()

    class Meta:
        model = Bundle
        fields = (
            "id", "state", "error", "total", "done", "all_versions", "wanted_at", "made_at", "expires_at", "size", "sha256",
            "file",
        )  # fmt: skip

    def get_file(self, row: Bundle) -> str | None:
        """Where the ZIP is fetched."""
        return reverse("api:bundle-file", args=[row.pk]) if row.state == MadeFile.State.READY else None


class BundleListView(APIView):
    """The caller's own bundles, and asking for one."""

    @extend_schema(operation_id="bundle_list", responses=BundleSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(BundleSerializer(bundles.of_actor(actor_of(request))[:20], many=True).data)

    @extend_schema(operation_id="bundle_ask", request=BundleInput, responses={202: BundleSerializer})
    def post(self, request: Request) -> Response:
        """The same question while it is being made answers with the first bundle."""
        row = bundles.ask(actor_of(request), bundles.Wanted(**validated(BundleInput, request.data)))
        return Response(BundleSerializer(row).data, status=202)


class BundleView(APIView):
    """One bundle: how far it is."""

    @extend_schema(operation_id="bundle_detail", responses=BundleSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        actor = actor_of(request)
        return Response(BundleSerializer(find(bundles.of_actor(actor), actor, pk)).data)


class BundleFileView(APIView):
    """The ZIP."""

    content_negotiation_class = AnyType

    @extend_schema(operation_id="bundle_file", responses={(200, ZIP): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        row, file = bundles.content(actor_of(request), pk)
        return file_answer(row, file, name=bundles.file_name(row), content_type=ZIP)


class PreviewSerializer(serializers.ModelSerializer[Preview]):
    """A preview. ``file`` is null until ``state`` is *ready*; ``error`` and ``details`` say why it was not made."""

    state = serializers.ChoiceField(choices=MadeFile.State.choices)
    file = serializers.SerializerMethodField()

    class Meta:
        model = Preview
        fields = ("id", "state", "error", "details", "wanted_at", "made_at", "expires_at", "size", "sha256", "file")

    def get_file(self, row: Preview) -> str | None:
        """Where the PDF is fetched."""
        ready = row.state == MadeFile.State.READY
        return reverse("api:preview-file", args=[row.request_id, row.pk]) if ready else None


class PreviewView(APIView):
    """What the certificate of an undecided request would look like."""

    @extend_schema(operation_id="preview_detail", responses=PreviewSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """The newest preview that is still kept."""
        actor = actor_of(request)
        row = previews.of_request(actor, visible(actor, pk)).first()
        if row is None:
            raise NotVisible("NOT-FOUND", "Nobody has asked for a preview of this request lately.")
        return Response(PreviewSerializer(row).data)

    @extend_schema(operation_id="preview_ask", request=None, responses={202: PreviewSerializer})
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """While a preview of the same content is kept, it is the answer."""
        return Response(PreviewSerializer(previews.ask(actor_of(request), pk)).data, status=202)


class PreviewFileView(APIView):
    """The preview as PDF."""

    content_negotiation_class = AnyType

    @extend_schema(operation_id="preview_file", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: uuid.UUID, preview_id: uuid.UUID) -> HttpResponseBase:
        row, file = previews.content(actor_of(request), pk, preview_id)
        return file_answer(row, file, name=previews.file_name(row), content_type="application/pdf")
