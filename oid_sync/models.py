"""The link to OID: how a certifier reaches it, each call and what became of it, and where the two records differ."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.models import Certificate
from core import clock, ids
from oid_sync.reasons import Reason
from organizations.models import Certifier
from organizations.tenancy import StaffRows, TenantQuerySet


class Circuit(models.TextChoices):
    """Whether calls go out. Open: OID has failed again and again, calls rest; half open: one call tries."""

    CLOSED = "closed", _("calls go out")
    OPEN = "open", _("calls rest")
    HALF_OPEN = "half_open", _("one call tries")


class OidConnection(models.Model):
    """How a certifier's records reach OID. The key is encrypted at rest."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.OneToOneField(Certifier, on_delete=models.PROTECT, related_name="+")
    #: The name of a connector of ``oid_sync.connectors.registry``.
    connector = models.CharField(max_length=20, default="http")
    base_url = models.URLField(blank=True)
    encrypted_key = models.BinaryField(default=b"")
    time_limit_seconds = models.PositiveSmallIntegerField(default=10)
    #: The connector's switches that are on, by name.
    options = models.JSONField(default=dict, blank=True)
    paused_until = models.DateTimeField(null=True)
    paused_because = models.CharField(max_length=200, blank=True)
    #: The circuit breaker: failures one after another, since when, and how often it has opened without a success between.
    circuit = models.CharField(max_length=9, choices=Circuit.choices, default=Circuit.CLOSED)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    failing_because = models.CharField(max_length=14, choices=Reason.choices, blank=True)
    opened_times = models.PositiveSmallIntegerField(default=0)
    #: Calls rest until then; in ``HALF_OPEN``, until then only the one that tries is under way.
    circuit_until = models.DateTimeField(null=True)
    #: How far OID's log has been read into ``OidRecord``; empty before the first complete reading.
    list_cursor = models.CharField(max_length=500, blank=True)
    changed_at = models.DateTimeField(default=clock.now)
    #: The change of two managers that the connector or key in use came by; PostgreSQL asks for it.
    guarded_change_id = models.UUIDField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()


class Operation(models.TextChoices):
    """What a call asks of OID."""

    REGISTER = "register", _("register")
    AMEND = "amend", _("amend")
    ACTUALS = "actuals", _("report actuals")
    VOID = "void", _("void")


class CallState(models.TextChoices):
    """Where a call stands."""

    WAITING = "waiting", _("waiting")
    IN_FLIGHT = "in_flight", _("in flight")
    UNKNOWN = "unknown", _("unknown")
    AWAITING_PERSON = "awaiting_person", _("awaiting a person")
    REJECTED = "rejected", _("rejected")
    STOPPED = "stopped", _("stopped before sending")
    FAILED = "failed", _("failed in the portal")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


#: States that a person must look at.
DESK_STATES = (CallState.AWAITING_PERSON, CallState.REJECTED, CallState.STOPPED, CallState.FAILED)
#: States that the loop goes on with by itself.
LIVE_STATES = (CallState.WAITING, CallState.IN_FLIGHT, CallState.UNKNOWN)
#: States after which a call holds up no later one of its certificate.
ENDED_STATES = (CallState.DONE, CallState.CANCELLED)


class OidCall(models.Model):
    """One call to OID, sent in three phases: marked in flight, called outside any transaction, recorded.

    Its id is the call's UUID; for ``register`` OID's key is the certificate's own id.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="oid_calls")
    operation = models.CharField(max_length=10, choices=Operation.choices)
    sequence = models.PositiveIntegerField(default=1)
    #: The row this call reports, where there is one (a shipment): one call a cause.
    cause_id = models.UUIDField(null=True)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=CallState.choices, default=CallState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    #: The connector of the latest try: what it left unclear is asked of it, whatever the certifier uses now.
    connector = models.CharField(max_length=20, blank=True)
    #: Times that the portal itself failed at it, one after another.
    breakages = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=14, choices=Reason.choices, blank=True)
    #: OID's own code, or the code of the check or rule of the portal that stopped it.
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    answer = models.JSONField(default=dict)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate", "sequence"], name="call_order_of_certificate"),
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(operation="register") & ~Q(state="cancelled"),
                name="one_registration_of_certificate",
            ),
            models.UniqueConstraint(
                fields=["operation", "cause_id"],
                condition=Q(cause_id__isnull=False),
                name="one_call_a_cause",
            ),
        ]
        indexes = [
            models.Index(
                fields=["certifier", "next_attempt_at"],
                name="call_due",
                condition=Q(state__in=["waiting", "in_flight", "unknown"]),
            ),
            models.Index(fields=["certifier", "state", "created_at"], name="call_by_state"),
        ]


class OidExchange(models.Model):
    """One question to OID and its answer as they went over the wire, secrets struck out; never changed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(OidCall, on_delete=models.PROTECT, related_name="exchanges")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    request = models.TextField()
    #: The HTTP status; 0 where no answer came.
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        indexes = [models.Index(fields=["call", "-at"], name="exchange_of_call")]


class HandEntry(models.Model):
    """What a person did in OID for one call, where people key it: begun, keyed, and checked by another where wanted."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done in OID")
        REFUSED = "refused", _("OID refused it")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(OidCall, on_delete=models.PROTECT, related_name="entries")
    #: What the call is known by at OID: the certificate's UUID for a registration, else the call's own.
    key = models.UUIDField()
    begun_by = models.UUIDField()
    begun_at = models.DateTimeField(default=clock.now)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, blank=True)
    number = models.CharField(max_length=21, null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    keyed_by = models.UUIDField(null=True)
    keyed_at = models.DateTimeField(null=True)
    #: Whether another person must check it: the certifier's choice when it was begun.
    two_people = models.BooleanField(default=False)
    checked_by = models.UUIDField(null=True)
    checked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier", "key"], condition=Q(ended_at=None), name="one_entry_of_call"),
            models.UniqueConstraint(
                fields=["certifier", "number"],
                condition=Q(ended_at=None, number__isnull=False),
                name="keyed_number_once",
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None) | Q(two_people=False) | ~Q(checked_by=models.F("keyed_by")),
                name="checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", keyed_by=None) | ~Q(outcome="") & Q(keyed_by__isnull=False),
                name="outcome_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(number=None) | Q(number__regex=r"^\d{3}-\d{10}-\d{6}$"), name="keyed_number_form"
            ),
        ]

    @property
    def is_complete(self) -> bool:
        """Whether it says what became of the call: keyed, and checked where two people are wanted."""
        if not self.outcome or self.ended_at is not None:
            return False
        return self.outcome == self.Outcome.REFUSED or not self.two_people or self.checked_by is not None


class ReconciliationRun(models.Model):
    """One comparison of requests, ledger, certificates and OID for a certifier, in slices that can be resumed."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    #: Whether OID's log is read from its beginning (finds what OID has lost), or only from where it was read to last.
    full = models.BooleanField(default=True)
    step = models.CharField(max_length=40, blank=True)
    #: The last key of the slices that are done, or the cursor of the next page of OID's log.
    position = models.CharField(max_length=500, blank=True)
    #: Mark of this reading on every record that it saw; a new one when the log has to be read from its beginning again.
    reading = models.UUIDField(default=ids.new_id)
    restarts = models.PositiveSmallIntegerField(default=0)
    #: When the last page of OID's log was asked for: what changed later is not compared.
    read_from = models.DateTimeField(null=True)
    #: Rows that the run expects to compare; 0 before its first slice.
    total = models.PositiveBigIntegerField(default=0)
    compared = models.PositiveBigIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    healed = models.PositiveIntegerField(default=0)
    started_by = models.UUIDField(null=True)
    started_at = models.DateTimeField(default=clock.now)
    heartbeat_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certifier"], condition=Q(state="running"), name="one_run_at_a_time")
        ]


class DriftKind(models.TextChoices):
    """What differs from what."""

    BALANCE = "balance", _("balance differs from the sum of its movements")
    RESERVED = "reserved", _("reserved kilograms differ from the open request")
    CERTIFIED = "certified", _("certified kilograms differ from the certificate")
    SHIPPED = "shipped", _("shipped kilograms differ from the shipments")
    MISSING_IN_OID = "missing_in_oid", _("the certificate is not in OID")
    UNKNOWN_TO_PORTAL = "unknown_to_portal", _("OID has a record that the portal does not know")
    NUMBER = "number", _("OID has given a number that the portal does not have")
    OID_FIELDS = "oid_fields", _("OID's record differs from the certificate")
    OID_STATUS = "oid_status", _("OID's status differs from the certificate's")
    ACTUALS = "actuals", _("actual weight in OID differs from the shipments")
    RECEIPT = "receipt", _("the importer received another weight than was reported")
    PARTY_STATUS = "party_status", _("a party of a live certificate is not Certified")


class Remedy(models.TextChoices):
    """What the portal does about a difference by itself."""

    NUMBER_TAKEN = "number_taken", _("the number was taken over from OID")
    SHIPPED_SET = "shipped_set", _("the certificate's shipped weight was set to what its shipments and the ledger say")
    REPORTED_AGAIN = "reported_again", _("reported to OID again")


class Closed(models.TextChoices):
    """Why a difference is closed."""

    GONE = "gone", _("no longer there")
    HEALED = "healed", _("healed by itself")
    NOT_COMPARED = "not_compared", _("no longer compared: the certifier's connector reads no log")


class Drift(models.Model):
    """One difference between the portal and OID, or within the portal: both values, first and last seen, closed."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=DriftKind.choices)
    #: What it is about: a line, request, certificate or OID number; with ``kind`` it names the drift while open.
    subject = models.CharField(max_length=80)
    certificate_id = models.UUIDField(null=True)
    line_id = models.UUIDField(null=True)
    portal_value = models.JSONField()
    other_value = models.JSONField()
    first_seen_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(default=clock.now)
    last_run = models.ForeignKey(ReconciliationRun, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    closed_because = models.CharField(max_length=200, choices=Closed.choices, blank=True)
    #: What was done about it without a person, and by which run; open until a later run no longer sees it.
    remedy = models.CharField(max_length=20, choices=Remedy.choices, blank=True)
    remedy_run = models.ForeignKey(ReconciliationRun, null=True, on_delete=models.PROTECT, related_name="+")

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["certifier", "kind", "subject"], condition=Q(closed_at=None), name="one_open_drift_of_subject"
            )
        ]
        indexes = [models.Index(fields=["certifier", "first_seen_at"], name="drift_open", condition=Q(closed_at=None))]


class OidRecord(models.Model):
    """What OID said last about one record: a copy, kept by reading OID's log, to compare certificates with.

    It decides nothing; OID's own answer does. ``facts`` holds the compared fields as text, ``actuals`` the kilograms
    of each shipment that OID knows, by the shipment's UUID.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=40)
    #: The certificate's UUID; None where OID's record names something else.
    reference = models.UUIDField(null=True)
    status = models.CharField(max_length=20)
    facts = models.JSONField()
    actuals = models.JSONField(default=dict)
    seen_in = models.UUIDField()

    objects = TenantQuerySet.as_manager()
    tenancy = StaffRows()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certifier", "number"], name="oid_record_once")]
        indexes = [models.Index(fields=["certifier", "reference"], name="oid_record_by_reference")]
