"""Certificates: an immutable snapshot, the number from OID, the signed document, shipments against it."""

from __future__ import annotations

import dataclasses

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.identity import Identity, Kind
from core.models import StoredFile
from core.units import Unit
from organizations import delegated
from organizations.models import Certifier, Client, Operation, OperationStatus
from organizations.tenancy import NONE, ClientRows, StaffRows, TenantQuerySet, among
from pvf.models import KilogramField, PVFLine
from requests_app.models import Request


class CertificateState(models.TextChoices):
    """Where a certificate stands."""

    AWAITING_NUMBER = "awaiting_number", _("awaiting number")
    AWAITING_DOCUMENT = "awaiting_document", _("awaiting document")
    ISSUED = "issued", _("issued")
    CLOSED = "closed", _("closed")
    VOID = "void", _("void")
    REPLACED = "replaced", _("replaced")
    CONTINUITY = "continuity", _("continuity document")
    ABANDONED = "abandoned", _("abandoned")


#: States whose documents importers and brokers may see; what a continuity document was released for stays visible.
RELEASED_STATES = (
    CertificateState.ISSUED,
    CertificateState.CLOSED,
    CertificateState.VOID,
    CertificateState.REPLACED,
    CertificateState.CONTINUITY,
)
#: States that take shipments, and may be closed.
SHIPPING_STATES = (CertificateState.ISSUED, CertificateState.CONTINUITY)


@dataclasses.dataclass(frozen=True, slots=True)
class CertificateRows:
    """Certifier and exporter as everywhere; importers, invited contacts and brokers see released certificates.

    ``prefix`` leads from a row below a certificate to it ("certificate__").
    """

    prefix: str = ""

    def condition(self, actor: Identity) -> Q:
        """The filter for ``actor``."""
        if actor.is_staff or actor.kind is Kind.EXPORTER:
            return ClientRows().condition(actor)
        if actor.kind not in {Kind.IMPORTER, Kind.BROKER, Kind.PERSON} or actor.user_id is None:
            return NONE
        released = self._q("state__in", RELEASED_STATES) | self._q("continuity_at__isnull", False)
        return self._party(actor) & released

    def _party(self, actor: Identity) -> Q:
        invited = CertificateContact.objects.filter(user_id=actor.user_id).values("certificate_id")
        mine = among(f"{self.prefix}id", invited)
        if actor.kind is Kind.IMPORTER and actor.operation_id:
            mine |= self._q("importer_id", actor.operation_id)
        if actor.kind is Kind.BROKER and actor.broker_id:
            live = delegated.live(actor)
            mine |= among(f"{self.prefix}importer_id", live.filter(client=None).values("operation_id"))
            mine |= among(f"{self.prefix}client_id", live.filter(operation=None).values("client_id"))
        return mine

    def _q(self, name: str, value: object) -> Q:
        return Q(**{f"{self.prefix}{name}": value})


class Certificate(models.Model):
    """One certificate. Its id is the reference under which OID knows it; the snapshot never changes."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="certificates")
    importer = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="certificates")
    line = models.ForeignKey(PVFLine, on_delete=models.PROTECT, related_name="certificates")
    state = models.CharField(max_length=18, choices=CertificateState.choices, default=CertificateState.AWAITING_NUMBER)
    number = models.CharField(max_length=21, null=True, blank=True, unique=True)
    snapshot = models.JSONField()
    snapshot_sha256 = models.CharField(max_length=64)
    net_kg = KilogramField()
    shipped_kg = KilogramField(default=0)
    start_date = models.DateField()
    end_date = models.DateField()
    departure_date = models.DateField(null=True)
    check_code = models.CharField(max_length=12)
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(default=clock.now)
    registered_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")

    # the documents loop: attempts, lease, and why it stopped
    document_attempts = models.PositiveSmallIntegerField(default=0)
    document_lease_until = models.DateTimeField(null=True)
    document_error = models.CharField(max_length=300, blank=True)
    #: When a certificate that is to take its place was approved; until that is issued its registration is pending.
    replacement_approved_at = models.DateTimeField(null=True)
    #: Amended versions of the document that are yet to be made; the one before is valid until then.
    documents_due = models.PositiveSmallIntegerField(default=0)
    #: When a continuity document was released for it, in a declared outage of OID.
    continuity_at = models.DateTimeField(null=True)
    #: Set while a party is not Certified (``PartyFinding``); people decide about a void.
    flagged_because = models.CharField(max_length=300, blank=True)
    #: When the exporter said that nothing more leaves under it; taken back by a later report or correction.
    total_declared_at = models.DateTimeField(null=True)
    #: What the exporter had left of the certified goods then.
    ending_inventory_kg = KilogramField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="no_number_before_oid",
                condition=Q(number=None, state__in=["awaiting_number", "continuity", "abandoned", "closed"])
                | Q(number__isnull=False) & ~Q(state__in=["awaiting_number", "abandoned"]),
            ),
            models.CheckConstraint(condition=Q(shipped_kg__gte=0, shipped_kg__lte=F("net_kg")), name="shipped_within"),
            models.UniqueConstraint(
                fields=["request"],
                condition=~Q(state="abandoned"),
                name="one_live_certificate_of_request",
            ),
            models.UniqueConstraint(
                fields=["replaces"], condition=~Q(state="abandoned"), name="one_replacement_of_certificate"
            ),
        ]
        indexes = [
            models.Index(
                fields=["certifier", "state", "approved_at"],
                name="certificate_in_loop",
                condition=Q(state__in=["awaiting_number", "awaiting_document"]),
            ),
            models.Index(
                fields=["certifier", "approved_at"],
                name="certificate_version_due",
                condition=Q(documents_due__gt=0),
            ),
            models.Index(fields=["importer", "-issued_at"], name="certificate_of_importer"),
            models.Index(fields=["certifier", "client", "-approved_at"], name="certificate_of_client"),
            models.Index(fields=["certifier", "state", "-approved_at"], name="certificate_by_state"),
            models.Index(
                fields=["certifier", "end_date"],
                name="certificate_ending",
                condition=Q(state__in=["issued", "continuity"]),
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(self.id)

    @property
    def is_released(self) -> bool:
        """Whether importers may see it."""
        return self.state in RELEASED_STATES or self.continuity_at is not None

    @property
    def called(self) -> str:
        """What people call it: its number, or, without one, its request's reference."""
        return self.number or str(self.snapshot["request_reference"])


class CertificateDocument(models.Model):
    """A signed PDF of a certificate. Every version stays; the highest is current."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="documents")
    version = models.PositiveSmallIntegerField(default=1)
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    template_version = models.CharField(max_length=20)
    made_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "version"], name="document_version_once")]


class CertificateContact(models.Model):
    """A person invited to one certificate only: the contact given by the exporter."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="contacts")
    email = models.EmailField()
    user_id = models.UUIDField(null=True)
    invited_at = models.DateTimeField(default=clock.now)
    accepted_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "email"], name="contact_once")]
        indexes = [models.Index(fields=["user_id"], name="contact_of_user")]


class Shipment(models.Model):
    """Goods that left against a certificate. A mistake is put right by a counter-movement, never edited away."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="shipments")
    sequence = models.PositiveIntegerField()
    entered_quantity = models.DecimalField(_("net quantity"), max_digits=18, decimal_places=6)
    entered_unit = models.CharField(_("unit"), max_length=3, choices=Unit.choices, default=Unit.KGM)
    net_kg = KilogramField(_("net weight (kg)"))
    departure_date = models.DateField(_("departure"))
    transport_document = models.CharField(_("bill of lading or air waybill"), max_length=60, blank=True)
    containers = models.JSONField(default=list)
    #: What left of each lot: [{"lot": "VS-26-014", "kg": "500.000"}]; empty where no lots are kept apart.
    lots = models.JSONField(default=list)
    invoices = models.JSONField(default=list)
    document = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    #: What the checks on the report found (CTR-1, DUP-1, DOC-1), as ``core.checks.Finding.as_json``.
    findings = models.JSONField(default=list)
    entry_number = models.CharField(_("ACE entry number"), max_length=20, blank=True)
    reported_by = models.UUIDField(null=True)
    reported_at = models.DateTimeField(default=clock.now)
    corrected_at = models.DateTimeField(null=True)
    correction_reason = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate", "sequence"], name="shipment_sequence_once"),
            models.CheckConstraint(condition=Q(net_kg__gt=0), name="shipment_of_something"),
        ]


class PartyFinding(models.Model):
    """A party of a live certificate that is not Certified: raised once, closed when it is Certified again."""

    class Party(models.TextChoices):
        EXPORTER = "exporter", _("exporter")
        IMPORTER = "importer", _("importer")

    class Source(models.TextChoices):
        DIRECTORY = "directory", _("OID's directory")
        CERTIFIER = "certifier", _("the certifier's own record")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="party_findings")
    party = models.CharField(max_length=8, choices=Party.choices)
    source = models.CharField(max_length=9, choices=Source.choices)
    nop_id = models.CharField(max_length=10)
    name = models.CharField(max_length=300)
    status = models.CharField(max_length=30, choices=OperationStatus.choices)
    #: The day from which the status holds, where it is known.
    status_as_of = models.DateField(null=True)
    found_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = CertificateRows(prefix="certificate__")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certificate", "party", "source"], condition=Q(closed_at=None), name="one_open_finding_of_party"
            )
        ]
        indexes = [
            models.Index(fields=["certifier", "found_at"], name="party_finding_open", condition=Q(closed_at=None))
        ]


class GoodsMark(models.Model):
    """A keyed hash of a lot together with a container or bill of lading: told from, never told to, other certifiers."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="marks")
    mark = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certificate", "mark"], name="mark_once")]
        indexes = [models.Index(fields=["mark", "made_at"], name="mark_by_hash")]


class SigningKey(models.Model):
    """A certifier's PKCS#12 signing key, encrypted at rest. ``is_demo`` keys say so in their subject and refuse production.

    ``warned_days``: the last warning that was sent about its end, in days before it.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="signing_keys")
    encrypted_pkcs12 = models.BinaryField()
    subject = models.CharField(max_length=300)
    fingerprint_sha256 = models.CharField(max_length=64)
    not_after = models.DateTimeField()
    is_demo = models.BooleanField(default=False)
    added_by = models.UUIDField(null=True)
    added_at = models.DateTimeField(default=clock.now)
    retired_at = models.DateTimeField(null=True)
    warned_days = models.PositiveSmallIntegerField(null=True)
    #: The change of two managers that put it in the place of another key; PostgreSQL asks for it.
    guarded_change_id = models.UUIDField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier"], condition=Q(retired_at=None), name="one_signing_key_in_use"),
        ]
