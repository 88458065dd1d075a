"""The public check for programs: the same questions, the same answers, the same limits as the page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from certificates.domain import public_check
from certificates.models import CertificateState
from core.errors import NotVisible
from core.identity import actor_of
from core.serializers import kilograms, validated


class CheckQuery(serializers.Serializer[Any]):
    """Number and check code as they stand on the certificate."""

    number = serializers.CharField(max_length=60)
    code = serializers.CharField(max_length=40)


class CheckInput(CheckQuery):
    """The same, with the SHA-256 of a file that claims to be the document: 64 hexadecimal digits. Nobody sends the file."""

    sha256 = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)


class CheckedVersion(serializers.Serializer[Any]):
    """An issued version of the document. ``key_fingerprint``: SHA-256 of the signer's certificate."""

    version = serializers.IntegerField()
    sha256 = serializers.CharField()
    made_at = serializers.DateTimeField()
    key_fingerprint = serializers.CharField()


class ComparedFile(serializers.Serializer[Any]):
    """What the hash says. ``issued``: some version has it (``version``); ``current``: it is the version that counts."""

    issued = serializers.BooleanField()
    version = serializers.IntegerField(allow_null=True)
    current = serializers.BooleanField()


class CheckAnswer(serializers.Serializer[Any]):
    """What the public sees of a certificate. ``net_kg``: certified now; ``file`` is null where no hash was sent.

    ``checked_at_origin``: the address under which alone the answer is genuine.
    """

    number = serializers.CharField()
    state = serializers.ChoiceField(choices=CertificateState.choices)
    product = serializers.CharField(source="snapshot.product.label_name")
    hts_code = serializers.CharField(source="snapshot.hts.code")
    net_kg = kilograms()
    certifier = serializers.CharField(source="snapshot.certifier.name")
    certifier_code = serializers.CharField(source="snapshot.certifier.code")
    exporter = serializers.CharField(source="snapshot.exporter.name")
    importer = serializers.CharField(source="snapshot.importer.name")
    start_date = serializers.DateField(source="snapshot.period.start")
    end_date = serializers.DateField(source="snapshot.period.end")
    period_is_over = serializers.BooleanField()
    issued_at = serializers.DateTimeField()
    replaced_by = serializers.CharField()
    amendment_pending = serializers.BooleanField()
    flagged_because = serializers.CharField()
    document_sha256 = serializers.ListField(source="documents", child=serializers.CharField())
    versions = CheckedVersion(many=True)
    file = ComparedFile(source="compared", allow_null=True)
    checked_at_origin = serializers.SerializerMethodField()

    def get_checked_at_origin(self, _answer: public_check.Answer) -> str:
        """The configured public address of the portal."""
        return settings.PORTAL_PUBLIC_ORIGIN


class CertificateCheckView(APIView):
    """The public check: open to everybody, limited per caller and for all together.

    Number or code in an impossible form: 422 with what is wrong (``CHECK-NOP-ID``, ``CHECK-DRAFT``, ``CHECK-NUMBER``,
    ``CHECK-CODE``). Right in form and unknown: 404. Too often: 429 with ``Retry-After``.
    """

    @extend_schema(operation_id="certificate_check", parameters=[CheckQuery], responses=CheckAnswer, auth=[])
    def get(self, request: Request) -> Response:
        """As the QR code asks. Programs rather POST: a code in an address ends up in the logs of whoever is between."""
        return _answer(request, validated(CheckQuery, request.query_params.dict()))

    @extend_schema(operation_id="certificate_check_file", request=CheckInput, responses=CheckAnswer, auth=[])
    def post(self, request: Request) -> Response:
        """The same with the code in the body, and with the hash of a file to be compared."""
        return _answer(request, validated(CheckInput, request.data))


def _answer(request: Request, given: dict[str, Any]) -> Response:
    answer = public_check.ask(actor_of(request), **given, via=public_check.Via.API)
    if answer is None:
        raise NotVisible("NOT-FOUND", "No certificate has this number with this code.")
    return Response(CheckAnswer(answer).data, headers={"Cache-Control": "no-store"})
