"""The exporter's request: one product, one volume, one shipment or several in a period."""

from __future__ import annotations

import dataclasses

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.checks import Moment
from core.identity import Identity, Kind
from core.models import StoredFile
from core.units import Unit
from organizations.delegated import clients_of
from organizations.grant_scopes import GrantScope
from organizations.models import NOP_ID, Broker, Certifier, Client, Operation
from organizations.tenancy import NONE, ClientRows, StaffRows, TenantQuerySet, among
from pvf.models import KilogramField, PVFLine


class RequestState(models.TextChoices):
    """Where a request stands."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    IN_REVIEW = "in_review", _("in review")
    INFORMATION_REQUESTED = "information_requested", _("information requested")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LAPSED = "lapsed", _("lapsed")


#: States in which a request holds reserved kilograms.
OPEN_STATES = (RequestState.SUBMITTED, RequestState.IN_REVIEW, RequestState.INFORMATION_REQUESTED)


class RequestKind(models.TextChoices):
    """One shipment, or several in a period."""

    SINGLE = "single", _("one shipment")
    MULTIPLE = "multiple", _("several shipments in a period")


class TransportMode(models.TextChoices):
    """How the goods travel."""

    SEA = "sea", _("sea")
    AIR = "air", _("air")
    ROAD = "road", _("road")
    RAIL = "rail", _("rail")


@dataclasses.dataclass(frozen=True, slots=True)
class RequestRows:
    """Certifier and exporter as everywhere; a broker whose grant holds drafts sees what was never submitted or it began.

    ``prefix`` leads from a row below a request to it ("request__").
    """

    prefix: str = ""

    def condition(self, actor: Identity) -> Q:
        """The filter for ``actor``."""
        if actor.kind is not Kind.BROKER:
            return ClientRows().condition(actor)
        if actor.broker_id is None:
            return NONE
        its_own = Q(**{f"{self.prefix}submitted_at": None}) | Q(**{f"{self.prefix}broker_id": actor.broker_id})
        return among("client_id", clients_of(actor, GrantScope.DRAFTS)) & its_own

    def admits(self, actor: Identity, row: Request) -> bool:
        """The same rule, asked of a request that was read already."""
        if actor.kind is not Kind.BROKER:
            return ClientRows().admits(actor, row)
        its_own = row.submitted_at is None or row.broker_id == actor.broker_id
        return its_own and clients_of(actor, GrantScope.DRAFTS).filter(client_id=row.client_id).exists()


class Request(models.Model):
    """A request for a NOP Import Certificate. ``version`` counts every change of its content."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="requests")
    reference = models.CharField(max_length=12)
    kind = models.CharField(max_length=8, choices=RequestKind.choices, default=RequestKind.SINGLE)
    state = models.CharField(max_length=24, choices=RequestState.choices, default=RequestState.DRAFT)
    version = models.PositiveIntegerField(default=1)

    # product
    line = models.ForeignKey(PVFLine, null=True, blank=True, on_delete=models.PROTECT, related_name="requests")
    label_name = models.CharField(_("product name as on the label"), max_length=200, blank=True)
    hts_code = models.CharField(_("HTS code"), max_length=10, blank=True)
    origin = models.CharField(_("country of origin"), max_length=2, blank=True)
    standard = models.CharField(_("organic standard"), max_length=20, blank=True)
    harvest_year = models.PositiveSmallIntegerField(_("harvest year"), null=True, blank=True)

    # quantity
    entered_quantity = models.DecimalField(_("net quantity"), max_digits=18, decimal_places=6, null=True, blank=True)
    entered_unit = models.CharField(_("unit"), max_length=3, choices=Unit.choices, default=Unit.KGM)
    net_kg = KilogramField(_("net weight (kg)"), null=True, blank=True)
    gross_kg = KilogramField(_("gross weight (kg)"), null=True, blank=True)
    packages_kind = models.CharField(_("kind of packages"), max_length=60, blank=True)
    packages_number = models.PositiveIntegerField(_("number of packages"), null=True, blank=True)

    # parties: importer of record by NOP ID; the operation is found in the directory
    importer_nop_id = models.CharField(_("importer's NOP ID"), max_length=10, blank=True, validators=[NOP_ID])
    importer = models.ForeignKey(Operation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    importer_contact_email = models.EmailField(_("importer's contact e-mail"), blank=True)
    recipient_name = models.CharField(_("recipient in the USA"), max_length=200, blank=True)
    recipient_nop_id = models.CharField(_("recipient's NOP ID"), max_length=10, blank=True, validators=[NOP_ID])
    consignee_name = models.CharField(_("ultimate consignee"), max_length=200, blank=True)
    consignee_address = models.CharField(_("consignee's address"), max_length=300, blank=True)
    destination_city = models.CharField(_("destination city"), max_length=100, blank=True)
    destination_state = models.CharField(_("destination state"), max_length=2, blank=True)
    last_handler_nop_id = models.CharField(_("final handler's NOP ID"), max_length=10, blank=True, validators=[NOP_ID])

    # transport (kind "multiple": comes with each shipment)
    transport_mode = models.CharField(_("transport"), max_length=4, choices=TransportMode.choices, blank=True)
    port_of_lading = models.CharField(_("port of lading"), max_length=100, blank=True)
    port_time_zone = models.CharField(_("port's time zone"), max_length=40, blank=True)
    vessel = models.CharField(_("vessel or flight"), max_length=100, blank=True)
    bill_of_lading = models.CharField(_("bill of lading or air waybill"), max_length=60, blank=True)
    departure_date = models.DateField(_("planned departure"), null=True, blank=True)

    # period
    start_date = models.DateField(_("start date"), null=True, blank=True)
    end_date = models.DateField(_("end date"), null=True, blank=True)

    # history
    copied_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="copies")
    #: The certificate this request is to replace (its row lives on a floor above: no foreign key).
    replaces_certificate_id = models.UUIDField(null=True, blank=True)
    #: Kilograms that the unshipped rest of that certificate covers, where it is of the same line: they are not reserved.
    covered_kg = KilogramField(default=0)
    #: The broker whose person began the draft on the exporter's behalf.
    broker = models.ForeignKey(Broker, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_by = models.UUIDField(null=True)
    changed_at = models.DateTimeField(default=clock.now)
    submitted_by = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    claimed_by = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    # service clock
    clock_due_at = models.DateTimeField(null=True)
    clock_stopped_at = models.DateTimeField(null=True)
    hard_limit_at = models.DateTimeField(null=True)
    #: Latest safe decision time: the earlier of clock end and departure minus buffer. The queue's order.
    decide_by = models.DateTimeField(null=True)
    question_deadline = models.DateField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = RequestRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier", "reference"], name="request_reference_once"),
            models.CheckConstraint(
                name="submitted_request_is_complete",
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(line__isnull=False, net_kg__gt=0, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="covered_within_net",
                condition=Q(covered_kg=0)
                | Q(covered_kg__gt=0, covered_kg__lte=F("net_kg"), replaces_certificate_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["replaces_certificate_id"],
                condition=Q(state__in=["submitted", "in_review", "information_requested"]),
                name="one_open_replacement",
            ),
        ]
        indexes = [
            models.Index(
                fields=["certifier", "decide_by", "id"],
                name="request_queue",
                condition=Q(state__in=["submitted", "in_review", "information_requested"]),
            ),
            models.Index(fields=["certifier", "client", "-created_at"], name="request_of_client"),
            models.Index(fields=["certifier", "state", "-created_at"], name="request_by_state"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision and holds a reservation."""
        return self.state in OPEN_STATES


class RequestPart(models.Model):
    """What the rows below a request share: its tenant columns."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")

    objects = TenantQuerySet.as_manager()
    tenancy = RequestRows(prefix="request__")

    class Meta:
        abstract = True


class RequestLot(RequestPart):
    """A lot of the goods: its part of the net weight, and the whole lot's declared weight for DUP-1."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="lots")
    lot = models.CharField(_("lot number"), max_length=60)
    kg = KilogramField(_("net kg of this lot"))
    declared_kg = KilogramField(_("whole lot (kg)"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "lot"], name="lot_once_in_request")]
        indexes = [models.Index(fields=["certifier", "client", "lot"], name="lot_of_client")]


class RequestContainer(RequestPart):
    """A container or vehicle with its seal."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="containers")
    number = models.CharField(_("container number"), max_length=20)
    seal = models.CharField(_("seal number"), max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="container_once_in_request")]


class RequestInvoice(RequestPart):
    """A supplier's invoice that supports the volume (VOL-2), with the supplier's NOP ID (SUP-1)."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="invoices")
    number = models.CharField(_("invoice number"), max_length=60)
    supplier_nop_id = models.CharField(_("supplier's NOP ID"), max_length=10, blank=True, validators=[NOP_ID])
    kg = KilogramField(_("kg on the invoice"), null=True, blank=True)
    invoice_date = models.DateField(_("invoice date"), null=True, blank=True)


class DocumentKind(models.TextChoices):
    """Documents that may come with a request."""

    COMMERCIAL_INVOICE = "commercial_invoice", _("commercial invoice")
    SUPPLIER_INVOICE = "supplier_invoice", _("supplier's invoice")
    PACKING_LIST = "packing_list", _("packing list")
    BILL_OF_LADING = "bill_of_lading", _("bill of lading or air waybill")
    SUPPLIER_CERTIFICATE = "supplier_certificate", _("supplier's organic certificate")
    LABEL = "label", _("label")
    PURCHASE_ORDER = "purchase_order", _("purchase order")
    OTHER = "other", _("other document")


class RequestDocument(RequestPart):
    """An uploaded document. Removing one hides it; the file stays under its hash."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=24, choices=DocumentKind.choices)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    added_by = models.UUIDField(null=True)
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)


class CheckRun(RequestPart):
    """One run of the checks over one version of a request: each finding with what was compared."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="check_runs")
    request_version = models.PositiveIntegerField()
    moment = models.CharField(max_length=8, choices=[(moment.value, moment.value) for moment in Moment])
    findings = models.JSONField()
    run_by = models.UUIDField(null=True)
    run_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["request", "-run_at"], name="check_run_of_request")]


class StaffFindings(models.Model):
    """The findings of a run that only the certifier may see (DUP-2): a table of their own, which row policies close."""

    run = models.OneToOneField(CheckRun, on_delete=models.CASCADE, primary_key=True, related_name="staff")
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    findings = models.JSONField()

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()


class Question(RequestPart):
    """A reviewer's question: the fields and documents it is about; it stops the clock until "answer complete"."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="questions")
    text = models.TextField(_("question"))
    fields = ArrayField(models.CharField(max_length=40), default=list)
    document_kinds = ArrayField(models.CharField(max_length=24, choices=DocumentKind.choices), default=list)
    asked_by = models.UUIDField(null=True)
    asked_at = models.DateTimeField(default=clock.now)
    deadline = models.DateField()
    answer = models.TextField(_("answer"), blank=True)
    answered_by = models.UUIDField(null=True)
    completed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(completed_at=None), name="one_open_question_of_request"
            ),
        ]


class ProposedCorrection(RequestPart):
    """A reviewer's proposal (fewer kg, dates, HTS) that the exporter accepts or declines in one act."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")
        SUPERSEDED = "superseded", _("superseded")

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="corrections")
    request_version = models.PositiveIntegerField()
    changes = models.JSONField()
    note = models.TextField(_("note to the exporter"), blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    proposed_by = models.UUIDField(null=True)
    proposed_at = models.DateTimeField(default=clock.now)
    closed_by = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(state="open"), name="one_open_correction_of_request"
            ),
        ]
