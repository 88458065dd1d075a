"""Certifiers, the directory of operations, clients, people and what they may do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core import clock, ids
from core.models import StoredFile
from organizations.grant_scopes import OF_EXPORTER, OF_IMPORTER, GrantScope, certificates_alone
from organizations.models_changes import GuardedChange  # noqa: F401 - Django looks for models here
from organizations.models_sign_on import SignOnLink, SignOnProvider  # noqa: F401 - Django looks for models here
from organizations.roles import Role
from organizations.support_models import SupportSession as SupportSession  # noqa: PLC0414 - Django looks for models here
from organizations.tenancy import ClientRows, PartyRows, TenantQuerySet

NOP_ID = RegexValidator(r"^\d{10}$", _("A NOP operation ID has exactly 10 digits, for example 8150001234."))
CERTIFIER_CODE = RegexValidator(r"^\d{3}$", _("A certifier code has exactly 3 digits."))


class UserManager(BaseUserManager["User"]):
    """People sign in by e-mail address, compared without case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new person; without a password they cannot sign in until they set one by invitation."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person. What they may do stands in their memberships."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(
        _("language"), max_length=5, choices=[("en", "English"), ("es", "Español")], default="en"
    )
    is_active = models.BooleanField(default=True)
    is_platform_operator = models.BooleanField(default=False)
    #: Raised to end every session of the person at once: each carries a hash of it.
    session_epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is compared with at each request: another password or epoch, and it has ended."""
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac("organizations.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class OperationStatus(models.TextChoices):
    """Statuses of an operation in OID; only Certified may trade."""

    CERTIFIED = "Certified", _("Certified")
    SURRENDERED = "Surrendered", _("Surrendered")
    SUSPENDED = "Suspended", _("Suspended")
    REVOKED = "Revoked", _("Revoked")
    TRANSITIONAL = "Transitional", _("Transitional")
    DENIED = "Denied Certification", _("Denied Certification")
    WITHDREW_NONC = "Withdrew with NONC", _("Withdrew with NONC")
    WITHDREW_TRANSITIONAL = "Withdrew from Transitional", _("Withdrew from Transitional")


class Scope(models.TextChoices):
    """Certification scopes of 7 CFR 205."""

    CROPS = "Crops", _("Crops")
    LIVESTOCK = "Livestock", _("Livestock")
    WILD_CROPS = "Wild Crops", _("Wild Crops")
    HANDLING = "Handling", _("Handling")


class Operation(models.Model):
    """An organic business in OID's directory: global, by NOP ID.

    ``directory_date`` is the day of OID's data that the row was written from. Data that say the same again write nothing:
    ``organizations.domain.directory.listing`` tells by which day the row is confirmed.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    nop_id = models.CharField(max_length=10, unique=True, validators=[NOP_ID])
    name = models.CharField(max_length=300)
    other_names = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=30, choices=OperationStatus.choices)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope.choices), default=list)
    certifier_name = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=50, blank=True)
    directory_date = models.DateField()
    #: The day from which the status holds, by OID's own word or else the day of the data that showed it first.
    status_as_of = models.DateField(null=True, blank=True)
    #: Where the newest full directory does not confirm the operation: the day of the data that did last. None: it does.
    last_seen = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.nop_id})"

    @property
    def full_address(self) -> str:
        """The postal address on one line."""
        place = " ".join(part for part in (self.postal_code, self.city) if part)
        return ", ".join(part for part in (self.address, place, self.state, self.country) if part)


class DirectoryImport(models.Model):
    """One reading of OID's directory from a file, in batches that note how far it has come: killed, it goes on from there."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    file_name = models.CharField(max_length=200)
    file_sha256 = models.CharField(max_length=64)
    #: Where a worker finds an uploaded file; empty for one that only the command line has.
    stored_path = models.CharField(max_length=200, blank=True)
    #: The day of the data.
    as_of = models.DateField()
    #: Whether the file lists the whole directory: then what it does not list is no longer listed.
    full = models.BooleanField()
    #: Accept that far fewer operations are listed than before.
    may_shrink = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(null=True)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    #: Rows that another row of the file, or newer data, had said already.
    passed_over = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    noted = models.PositiveIntegerField(default=0)
    status_changes = models.PositiveIntegerField(default=0)
    #: Of these, operations that are not Certified any more.
    lapsed = models.PositiveIntegerField(default=0)
    no_longer_listed = models.PositiveIntegerField(default=0)
    unknown_columns = models.JSONField(default=list)
    started_by = models.UUIDField(null=True)
    started_at = models.DateTimeField(default=clock.now)
    heartbeat_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="one_directory_import_at_a_time"
            )
        ]
        indexes = [
            models.Index(fields=["-as_of"], name="newest_full_directory", condition=Q(state="done", full=True)),
        ]

    @property
    def percent(self) -> int:
        """How far it is, in per cent of the rows."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.rows_done // self.rows_total) if self.rows_total else 0


class DirectoryProblem(models.Model):
    """What was wrong with one row of a directory file; ``refused``: nothing of the row was taken."""

    id = models.BigAutoField(primary_key=True)
    directory_import = models.ForeignKey(DirectoryImport, on_delete=models.PROTECT, related_name="problems")
    row = models.PositiveIntegerField()
    nop_id = models.CharField(max_length=20, blank=True)
    column = models.CharField(max_length=60, blank=True)
    #: A key of ``organizations.domain.directory.problems.TEXTS``.
    code = models.CharField(max_length=20)
    value = models.CharField(max_length=100, blank=True)
    refused = models.BooleanField()

    class Meta:
        indexes = [models.Index(fields=["directory_import", "row"], name="problem_of_import")]


class Certifier(models.Model):
    """A certifying agent accredited by USDA: the tenant."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    code = models.CharField(max_length=3, unique=True, validators=[CERTIFIER_CODE])
    country = models.CharField(max_length=2)
    time_zone = models.CharField(max_length=40)
    address = models.CharField(max_length=300, blank=True)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class CertifierSettings(models.Model):
    """One version of a certifier's settings (see ``organizations.rules``); the highest version is in force."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="settings_versions")
    version = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    #: The change of two managers that it puts in force; PostgreSQL asks for one where a control is weakened.
    guarded_change_id = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certifier", "version"], name="settings_version_once")]


class Letterhead(models.Model):
    """One version of what stands at the head of a certifier's certificates; the highest version is in force.

    A certificate keeps the words and the hash of the logo of the version it was approved under.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="letterheads")
    version = models.PositiveIntegerField()
    accreditation = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=400, blank=True)
    logo = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    logo_sha256 = models.CharField(max_length=64, blank=True)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certifier", "version"], name="letterhead_version_once")]


class Client(models.Model):
    """A certifier's relation to one exporter operation, with the certifier's own record of its standing."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="clients")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="+")
    own_status = models.CharField(max_length=30, choices=OperationStatus.choices, default=OperationStatus.CERTIFIED)
    reference = models.CharField(max_length=40, blank=True)
    max_period_months = models.PositiveSmallIntegerField(null=True, blank=True)
    contact_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    objects = TenantQuerySet.as_manager()
    tenancy = ClientRows(client_field="id")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["certifier", "operation"], name="client_once")]

    def __str__(self) -> str:
        return self.operation.name

    @property
    def may_trade(self) -> bool:
        """EXP-1's figure: Certified in the directory *and* in the certifier's own record."""
        return self.own_status == self.operation.status == OperationStatus.CERTIFIED


class Broker(models.Model):
    """A customs broker or freight forwarder; sees what an importer or exporter delegates, nothing else."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's place in one organisation, with their roles there."""

    class Side(models.TextChoices):
        CERTIFIER = "certifier", _("certifier")
        CLIENT = "client", _("exporter")
        IMPORTER = "importer", _("importer")
        BROKER = "broker", _("broker")

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    side = models.CharField(max_length=10, choices=Side.choices)
    certifier = models.ForeignKey(Certifier, null=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, null=True, on_delete=models.PROTECT, related_name="memberships")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="+")
    broker = models.ForeignKey(Broker, null=True, on_delete=models.PROTECT, related_name="+")
    roles = ArrayField(models.CharField(max_length=12, choices=Role.choices))
    #: How a membership of an importer was proven: "code" (sent to the e-mail in OID) or who confirmed it.
    proof = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet.as_manager()
    tenancy = PartyRows()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="membership_of_one_organisation",
                condition=(
                    Q(side="certifier", certifier__isnull=False, client=None, operation=None, broker=None)
                    | Q(side="client", certifier__isnull=False, client__isnull=False, operation=None, broker=None)
                    | Q(side="importer", certifier=None, client=None, operation__isnull=False, broker=None)
                    | Q(side="broker", certifier=None, client=None, operation=None, broker__isnull=False)
                ),
            ),
            models.UniqueConstraint(
                fields=["user", "side", "certifier", "client", "operation", "broker"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="one_live_membership",
            ),
        ]

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    @property
    def organisation_name(self) -> str:
        """The name a person knows the organisation by."""
        if self.client is not None and self.certifier is not None:
            return f"{self.client.operation.name} · {self.certifier.name}"
        return str(self.certifier or self.operation or self.broker)


class Invitation(models.Model):
    """A way in for one e-mail address; only the hash of its token is kept."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    email = models.EmailField()
    side = models.CharField(max_length=10, choices=Membership.Side.choices)
    certifier = models.ForeignKey(Certifier, null=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, null=True, on_delete=models.PROTECT, related_name="+")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="+")
    broker = models.ForeignKey(Broker, null=True, on_delete=models.PROTECT, related_name="+")
    #: Where the invitation is to one certificate only (a contact given on issue).
    certificate_id = models.UUIDField(null=True)
    roles = ArrayField(models.CharField(max_length=12, choices=Role.choices))
    #: How a membership of an importer is proven: "code", or who confirmed it (see ``Membership.proof``).
    proof = models.CharField(max_length=200, blank=True)
    invited_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = PartyRows()

    @property
    def organisation_name(self) -> str:
        """The name of the organisation it leads into."""
        if self.client is not None and self.certifier is not None:
            return f"{self.client.operation.name} · {self.certifier.name}"
        return str(self.operation or self.broker or self.certifier)


class Delegation(models.Model):
    """A grant to a broker: an importer operation or an exporter client lets it act, within ``scopes``, until a day (UTC)."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    broker = models.ForeignKey(Broker, on_delete=models.PROTECT, related_name="delegations")
    operation = models.ForeignKey(Operation, null=True, on_delete=models.PROTECT, related_name="+")
    certifier = models.ForeignKey(Certifier, null=True, on_delete=models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, null=True, on_delete=models.PROTECT, related_name="+")
    #: What the grantor was called when it granted: a broker is told it after the grant is over, too.
    grantor_name = models.CharField(max_length=300, blank=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=GrantScope.choices), default=certificates_alone)
    valid_from = models.DateField()
    valid_until = models.DateField()
    granted_by = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()
    tenancy = PartyRows(by_side=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="delegation_of_one_party",
                condition=Q(operation__isnull=False, client=None) | Q(operation=None, client__isnull=False),
            ),
            models.CheckConstraint(
                name="delegation_scopes_of_its_side",
                condition=Q(scopes__contains=[GrantScope.CERTIFICATES])
                & (
                    Q(operation__isnull=False, scopes__contained_by=list(OF_IMPORTER))
                    | Q(operation=None, scopes__contained_by=list(OF_EXPORTER))
                ),
            ),
        ]

    @property
    def scope_labels(self) -> list[str]:
        """What it allows, in words."""
        return [str(GrantScope(name).label) for name in self.scopes]


class ApiToken(models.Model):
    """A key of one membership for the API; only its hash is kept, its prefix names it in lists."""

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class AccessReview(models.Model):
    """A manager's confirmation that they have looked through who has access to their certifier, and what they saw.

    ``figures`` counts what was on the list, ``digest`` is the SHA-256 of the list itself.
    """

    id = models.UUIDField(primary_key=True, default=ids.new_id, editable=False)
    certifier = models.ForeignKey(Certifier, on_delete=models.PROTECT, related_name="+")
    figures = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True)
    reviewed_by = models.UUIDField()
    reviewed_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["certifier", "-reviewed_at"], name="newest_access_review")]
