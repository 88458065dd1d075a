"""A small world to act in: a certifier and its staff, an exporter with an approved PVF line, an importer, a broker.

Everything is invented. Rows are written under the identities that may write them, so a world also exercises the row
policies. ``make_world(number=2)`` gives a second one that shares nothing with the first but the importer.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
import uuid
from decimal import Decimal

from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection
from django.test import Client as Browser

from core import clock, ids
from core.identity import NOBODY, Identity, Kind, act_as
from organizations.domain.parties import party_of_membership
from organizations.identity import SESSION_KEY, identity_of
from organizations.models import Broker, Certifier, Client, Membership, Operation, OperationStatus, Scope, User
from organizations.roles import Role
from pvf.models import PVF, HtsCode, PVFLine, PVFLineTerms, PVFVersion

PLATFORM = Identity(kind=Kind.PLATFORM)
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
GREEN_COFFEE = "0901110015"
STAFF = {"reviewer": Role.REVIEWER, "approver": Role.APPROVER, "manager": Role.MANAGER, "auditor": Role.AUDITOR}
EXPORTER = {"preparer": Role.PREPARER, "signatory": Role.SIGNATORY, "viewer": Role.VIEWER}


@dataclasses.dataclass
class World:
    """Handles to a world's rows; ``members`` by role name, identities by :meth:`who`."""

    certifier: Certifier
    client: Client
    importer: Operation
    broker: Broker
    pvf: PVF
    line: PVFLine
    terms: PVFLineTerms
    members: dict[str, Membership]

    def who(self, role: str) -> Identity:
        """The identity of the person with this role (reviewer, approver, manager, auditor, preparer, …)."""
        return identity_of(self.members[role])

    def loop(self) -> Identity:
        """A background loop of this certifier."""
        return Identity.loop(self.certifier.id)

    def with_second_step(self, role: str) -> str:
        """Give the person an authenticator app; its secret."""
        TOTP.activate(self.members[role].user, TOTP_SECRET)
        return TOTP_SECRET

    def browser(self, role: str) -> Browser:
        """Django's test client, signed in as the person with this role."""
        browser = Browser()
        sign_in(browser, self.members[role])
        return browser


def sign_in(browser: Browser, membership: Membership) -> None:
    """Sign a person in, as by password and second step just now, and choose the membership."""
    sign_in_user(browser, membership.user)
    session = browser.session
    session[SESSION_KEY] = str(membership.pk)
    session.save()


def sign_in_user(browser: Browser, user: User, *, seconds_ago: int = 0, second_step: bool = True) -> None:
    """Sign a person in as by password, and by a second step unless told otherwise, so many seconds ago."""
    browser.force_login(user)
    session = browser.session
    at = time.time() - seconds_ago
    proofs: list[dict[str, object]] = [{"method": "password", "at": at}]
    if second_step:
        proofs.append({"method": "mfa", "at": at, "type": "totp"})
    session["account_authentication_methods"] = proofs
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def make_operation(nop_id: str, name: str, country: str, **fields: object) -> Operation:
    """An operation of the directory, Certified, with every scope, seen today."""
    values: dict[str, object] = {
        "name": name,
        "status": OperationStatus.CERTIFIED,
        "scopes": list(Scope.values),
        "certifier_name": "Invented Certification",
        "address": "1 Invented Road",
        "city": "Inventia",
        "country": country,
        "email": f"office-{nop_id}@invented.example",
        "directory_date": clock.now().date(),
        **fields,
    }
    with act_as(PLATFORM):
        operation, _ = Operation.objects.get_or_create(nop_id=nop_id, defaults=values)
    return operation


def set_status(operation_id: uuid.UUID, status: str) -> None:
    """The directory's next reading shows the operation otherwise."""
    with act_as(PLATFORM):
        assert Operation.objects.filter(pk=operation_id).update(status=status) == 1


def make_member(side: Membership.Side, role: str, email: str, **party: object) -> Membership:
    """A person with one membership."""
    with act_as(NOBODY):
        user, _ = User.objects.get_or_create(email=email, defaults={"name": email.split("@", maxsplit=1)[0].title()})
    membership = Membership(user=user, side=side, roles=[role], **party)
    with act_as(party_of_membership(membership).host(None)):
        membership.save(force_insert=True)
    return membership


def make_line(client: Client, kg: Decimal | str, *, pvf: PVF | None = None, **fields: object) -> PVFLineTerms:
    """An approved PVF line of ``client`` with ``kg`` authorised and available; a new PVF for this year unless given."""
    today = clock.now().date()
    kg = Decimal(kg)
    with act_as(Identity.loop(client.certifier_id)):
        if pvf is None:
            pvf = PVF(
                certifier_id=client.certifier_id, client=client, number=f"PVF-{today.year}", state=PVF.State.APPROVED,
                period_start=today - dt.timedelta(days=60), period_end=today + dt.timedelta(days=305),
            )  # fmt: skip
            pvf.save(force_insert=True)
            PVFVersion(
                certifier_id=client.certifier_id, client=client, pvf=pvf, number=1, state=PVFVersion.State.APPROVED,
                decided_at=clock.now(), in_force_from=clock.now(),
            ).save(force_insert=True)  # fmt: skip
        version = pvf.versions.get(state=PVFVersion.State.APPROVED)
        line = PVFLine(certifier_id=client.certifier_id, client=client, pvf=pvf, line_number=pvf.lines.count() + 1)
        line.save(force_insert=True)
        values: dict[str, object] = {
            "product_name": "Green coffee, arabica",
            "label_name": "Organic green coffee",
            "scope": Scope.HANDLING,
            "hts_codes": [GREEN_COFFEE],
            "origins": ["PE"],
            **fields,
        }
        terms = PVFLineTerms(
            certifier_id=client.certifier_id, client=client, version=version, line=line, authorised_kg=kg,
            entered_quantity=kg, **values,
        )  # fmt: skip
        terms.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pvf_open_balance(%s)", [line.pk])
            if kg:
                cursor.execute(
                    "SELECT pvf_move(%s, %s, 'outside', 'available', %s, '', NULL, '', NULL, 'authorise', '', %s, NULL)",
                    [ids.new_id(), line.pk, kg, f"authorise:{line.pk}"],
                )
    return terms


def make_client(certifier: Certifier, nop_id: str, name: str, country: str = "PE") -> Client:
    """An exporter of ``certifier``."""
    operation = make_operation(nop_id, name, country)
    with act_as(Identity.loop(certifier.pk)):
        client = Client(certifier=certifier, operation=operation, contact_email=f"exports-{nop_id}@invented.example")
        client.save(force_insert=True)
    return client


def make_exporter_people(client: Client, mark: str) -> dict[str, Membership]:
    """One person for each role of an exporter."""
    return {
        name: make_member(
            Membership.Side.CLIENT, role, f"{name}-{mark}@exporter.example", client=client, certifier=client.certifier
        )
        for name, role in EXPORTER.items()
    }


def make_world(number: int = 1, *, kg: Decimal | str = "50000") -> World:
    """World number 1 to 9; each has a certifier code, NOP IDs and people of its own."""
    code = f"{number}0{number}"
    certifier = Certifier(
        name=f"Invented Certification {number}", slug=f"invented-{number}", code=code, country="PE",
        time_zone="America/Lima", address="Invented Avenue 1\nLima", email=f"office@certifier{number}.example",
    )  # fmt: skip
    broker = Broker(name=f"Invented Brokers {number}", email=f"desk@broker{number}.example")
    with act_as(PLATFORM):
        HtsCode.objects.get_or_create(
            pk=GREEN_COFFEE,
            defaults={"description": "Coffee, not roasted: Arabica: Certified organic", "certified_organic": True},
        )
        certifier.save(force_insert=True)
        broker.save(force_insert=True)
    client = make_client(certifier, f"{code}0000011", f"Invented Cooperative {number}")
    importer = make_operation("3030000011", "Invented Imports Inc.", "US", state="NJ", city="Newark")
    members = {
        name: make_member(Membership.Side.CERTIFIER, role, f"{name}-{number}@certifier.example", certifier=certifier)
        for name, role in STAFF.items()
    }
    members |= make_exporter_people(client, str(number))
    members["importer"] = make_member(
        Membership.Side.IMPORTER, Role.IMPORTER, f"importer-{number}@importer.example", operation=importer
    )
    members["broker"] = make_member(
        Membership.Side.BROKER, Role.BROKER, f"broker-{number}@broker.example", broker=broker
    )
    terms = make_line(client, kg)
    return World(certifier, client, importer, broker, terms.line.pvf, terms.line, terms, members)


def a_uuid() -> uuid.UUID:
    """An id that nothing has."""
    return uuid.uuid4()
