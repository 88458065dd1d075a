"""The scene of the access tests: one certifier's exporter with something behind every address, and everybody else.

``Holdings`` are the rows of one exporter. The own exporter, a rival of the same certifier and the exporter of another
certifier have the same kinds of rows, with words of their own in them: what leaks is found by its words and ids.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from allauth.usersessions.models import UserSession
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from certificates.domain import bundles, overages, previews, reading_copies, shipments
from certificates.models import Bundle, Certificate, ContinuityDocument, OverageReport, Preview, ReadingCopy, Shipment
from core import clock
from core.checks import Finding, Outcome
from core.identity import Identity, Kind, act_as
from core.models import Audience, Delivery
from core.notify import notify
from oid_sync.domain import calls
from oid_sync.models import CallState, OidCall, OidExchange
from organizations.domain import brokers, certifiers, invitations
from organizations.domain.parties import own_party
from organizations.grant_scopes import OF_EXPORTER
from organizations.models import (
    ApiToken,
    Broker,
    Delegation,
    DirectoryImport,
    Invitation,
    Operation,
    SupportSession,
    User,
)
from organizations.models_changes import GuardedChange
from pvf.domain import documents as papers
from pvf.domain import statement_files
from pvf.domain.documents import Paper
from pvf.models import HtsEdition, ProcessingReport, PVFDocument, PVFLine, PVFVersion, StatementFile
from requests_app.domain import corrections, questions
from requests_app.models import CheckRun, ProposedCorrection, Question, Request, RequestDocument, StaffFindings
from review.domain import recommendations
from tests.pvf.support import a_row, next_year, proposed, reported
from tests.support import continuity, passkeys, stages
from tests.support.api_keys import key_of
from tests.support.certificates import released
from tests.support.drafts import PAPER, complete_draft
from tests.support.operators import open_support
from tests.support.world import (
    PLATFORM,
    World,
    make_client,
    make_exporter_people,
    make_line,
    make_operation,
    make_world,
)

#: Where the bytes of made files lie in these tests.
MADE = "short-lived/access-test"
PASSWORD = "a long enough pass phrase"
CONTACT = "guest@contact.example"


@dataclasses.dataclass
class Holdings:
    """What one exporter has, and its certifier keeps about it: one row behind every address."""

    world: World
    mark: str
    draft: Request
    draft_document: RequestDocument
    submitted: Request
    in_review: Request
    #: In review with a recommendation: an approver may decide.
    recommended: Request
    asked: Request
    question: Question
    correction: ProposedCorrection
    document: RequestDocument
    certificate: Certificate
    shipment: Shipment
    overage: OverageReport
    waiting: Certificate
    pvf_proposed: PVFVersion
    pvf_draft: PVFVersion
    #: The lines of the draft, and the version that is in force.
    pvf_draft_lines: list[PVFLine]
    pvf_in_force: uuid.UUID
    pvf_document: PVFDocument
    pvf_draft_document: PVFDocument
    report: ProcessingReport
    statement: StatementFile
    preview: Preview
    copy: ReadingCopy
    bundle: Bundle
    token: ApiToken
    invitation: Invitation
    staff_invitation: Invitation
    invitation_link: str
    delegation: Delegation
    #: The registration of a certificate waits for a person; a shipment was refused by OID.
    call: OidCall
    refused_call: OidCall
    document_sha256: str
    under_continuity: Certificate | None = None
    continuity_document: ContinuityDocument | None = None

    @property
    def pvf_draft_line(self) -> PVFLine:
        """The first line of the draft."""
        return self.pvf_draft_lines[0]

    def words(self) -> set[str]:
        """What stands in these rows and nowhere else: whoever reads one of them without right has found a hole."""
        found = {self.mark, f"exports-{self.world.client.operation.nop_id}@invented.example"}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Request):
                found |= {str(value.pk), value.reference}
            elif isinstance(value, Certificate):
                found |= {str(value.pk), value.check_code, *([value.number] if value.number else [])}
            elif hasattr(value, "pk"):
                found.add(str(value.pk))
        found |= {str(row.pk) for row in (self.world.pvf, self.world.line, self.world.client)}
        return found

    def staff_words(self) -> set[str]:
        """What only the certifier may read of it."""
        return {
            f"internal-{self.mark}",
            f"staff-finding-{self.mark}",
            str(self.call.pk),
            str(self.refused_call.pk),
            str(self.staff_invitation.pk),
        }


def _requests(world: World, mark: str) -> dict[str, Any]:
    own = {"vessel": f"MV {mark}", "consignee_name": f"{mark} Consignee"}
    found: dict[str, Any] = {
        "draft": complete_draft(world, "100", **own),
        "submitted": stages.submitted(world, "110", **own),
        "in_review": stages.in_review(world, "120", **own),
        "recommended": stages.in_review(world, "130", **own),
        "asked": stages.in_review(world, "140", **own),
    }
    with act_as(world.who("reviewer")) as reviewer:
        row = found["recommended"]
        recommendations.recommend(reviewer, row.pk, approve=True, note=f"internal-{mark}", expected_version=row.version)
        run = CheckRun.objects.filter(request=row).order_by("-run_at")[0]
        finding = Finding("DUP-2", Outcome.WARN, f"staff-finding-{mark}", staff_only=True).as_json()
        StaffFindings(run=run, certifier_id=world.certifier.pk, findings=[finding]).save(force_insert=True)
        found["question"] = questions.ask(
            reviewer, found["asked"].pk, text=f"Which vessel? {mark}", fields=["vessel"],
            document_kinds=["commercial_invoice"], expected_version=found["asked"].version,
        )  # fmt: skip
        found["correction"] = corrections.propose(
            reviewer, found["in_review"].pk, changes={"net_kg": Decimal("90")}, note=f"Fewer, {mark}.",
            expected_version=found["in_review"].version,
        )  # fmt: skip
    with act_as(world.loop()):
        found["draft_document"] = RequestDocument.objects.get(request=found["draft"])
        found["document"] = RequestDocument.objects.get(request=found["recommended"])
        for name in ("draft", "submitted", "in_review", "recommended", "asked"):
            found[name].refresh_from_db()
    return found


def _certificates(world: World, mark: str) -> dict[str, Any]:
    own = {"vessel": f"MV {mark}", "consignee_name": f"{mark} Consignee", "importer_contact_email": CONTACT}
    certificate = released(world, "1000", lot=f"LOT-{mark}", content=PAPER + mark.encode(), **own)
    with act_as(world.who("signatory")) as actor:
        shipment = shipments.report(
            actor, certificate.pk, quantity=Decimal("150"), unit="KGM", departure_date=certificate.start_date,
            transport_document=f"BL-{mark}", key="first",
        )  # fmt: skip
        overage = overages.report(
            actor, certificate.pk, quantity=Decimal("2000"), unit="KGM", departure_date=certificate.start_date,
            key="over", note=f"The scale shows more, {mark}.",
        )  # fmt: skip
        copy = reading_copies.want(actor, certificate.pk)
    waiting = stages.approved(world, "200", **own)
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        call = OidCall.objects.get(certificate=waiting, operation="register")
        call.state, call.connector, call.attempts = CallState.AWAITING_PERSON, "assisted", 1
        call.save()
        refused = OidCall.objects.get(certificate=certificate, operation="actuals")
        refused.state, refused.reason_code, refused.reason = CallState.REJECTED, "E-17", f"internal-oid-{mark}"
        refused.save()
        OidExchange(
            certifier=world.certifier, call=call, request=f"POST {mark}", status=422, answer=mark, at=clock.now(),
            milliseconds=120,
        ).save(force_insert=True)  # fmt: skip
        ReadingCopy.objects.filter(pk=copy.pk).update(state="ready", content=PAPER, sha256="0" * 64)
        certificate.refresh_from_db()
        sha256 = certificate.documents.get().sha256
    return {
        "certificate": certificate, "shipment": shipment, "overage": overage, "copy": copy, "waiting": waiting,
        "call": call, "refused_call": refused, "document_sha256": sha256,
    }  # fmt: skip


def _pvf(world: World, mark: str) -> dict[str, Any]:
    version = proposed(world, a_row("60000"), note=f"The harvest is larger, {mark}.")
    roasted = make_line(
        world.client, "100", pvf=world.pvf, label_name="Organic roasted coffee", product_name="Roasted"
    ).line
    report = reported(world, roasted)
    draft = next_year(world)
    with act_as(world.who("preparer")) as actor:
        draft_document = papers.add(actor, draft.pk, Paper("purchase", PAPER, f"{mark}.pdf"))
        statement = statement_files.request(actor, world.line.pk)
    with act_as(world.loop()):
        StatementFile.objects.filter(pk=statement.pk).update(state="ready", content=PAPER)
        draft.refresh_from_db()
        return {
            "pvf_proposed": version, "pvf_draft": draft, "report": report, "statement": statement,
            "pvf_document": PVFDocument.objects.get(report=report), "pvf_draft_document": draft_document,
            "pvf_draft_lines": [row.line for row in draft.carry_overs.select_related("line").order_by("line__line_number")],
            "pvf_in_force": world.pvf.versions.get(state=PVFVersion.State.APPROVED).pk,
        }  # fmt: skip


def _made(world: World, request: Request, mark: str) -> dict[str, Any]:
    """Files that were made because somebody asked, ready to be fetched; keys, invitations, a grant."""
    path = default_storage.save(f"{MADE}-{mark}", ContentFile(PAPER))
    ready = {"state": "ready", "path": path, "sha256": hashlib.sha256(PAPER).hexdigest(), "size": len(PAPER)}
    with act_as(world.who("signatory")) as actor:
        preview = previews.ask(actor, request.pk)
        bundle = bundles.ask(actor, bundles.Wanted())
        token, _secret = key_of(world.members["signatory"], f"Key {mark}")
        invitation, link = invitations.open_invitation(
            actor, own_party(actor), email=f"new-{mark}@exporter.example", roles=["viewer"]
        )
        last = clock.now().date() + dt.timedelta(days=30)
        delegation = brokers.grant(
            actor, broker_id=world.broker.pk, valid_until=last, scopes=[scope.value for scope in OF_EXPORTER]
        )
        Bundle.objects.filter(pk=bundle.pk).update(**ready)
    with act_as(world.loop()):
        Preview.objects.filter(pk=preview.pk).update(**ready)
    with act_as(world.who("manager")) as manager:
        staff_invitation, _ = invitations.open_invitation(
            manager, own_party(manager), email=f"new-{mark}@certifier.example", roles=["reviewer"]
        )
    return {
        "preview": preview, "bundle": bundle, "token": token, "invitation": invitation, "invitation_link": link,
        "delegation": delegation, "staff_invitation": staff_invitation,
    }  # fmt: skip


def make_holdings(world: World, mark: str) -> Holdings:
    """Fill an exporter's place by the same functions as the pages and loops use."""
    found = _requests(world, mark)
    return Holdings(
        world=world, mark=mark, **found, **_certificates(world, mark), **_pvf(world, mark),
        **_made(world, found["submitted"], mark),
    )  # fmt: skip


def make_rival(world: World) -> World:
    """Another exporter of the same certifier, seen as a world of its own."""
    client = make_client(world.certifier, "1010000077", "Invented Rival")
    terms = make_line(client, "50000")
    members = {**world.members, **make_exporter_people(client, "rival")}
    return dataclasses.replace(
        world, client=client, pvf=terms.line.pvf, line=terms.line, terms=terms, members=members,
        broker=_rival_broker(),
    )  # fmt: skip


def _rival_broker() -> Broker:
    with act_as(PLATFORM):
        return Broker.objects.create(name="Invented Rival Brokers", email="desk@rival-broker.example")


@dataclasses.dataclass
class Scene:
    """Everything there is."""

    own: Holdings
    rival: Holdings
    other: Holdings
    elsewhere: Operation
    guest: User
    reading: DirectoryImport
    edition: HtsEdition
    guarded: GuardedChange
    support: SupportSession
    #: Of the operator of that support session.
    passkey: Authenticator
    session: UserSession
    #: What that operator was told.
    news: Delivery


def make_scene() -> Scene:
    """The whole scene; takes some seconds."""
    world = make_world(1)
    elsewhere = make_operation("3030000099", "Elsewhere Imports Inc.", "US")
    own = make_holdings(world, "Quokka")
    rival = make_holdings(dataclasses.replace(make_rival(world), importer=elsewhere), "Wombat")
    other = make_holdings(dataclasses.replace(make_world(2), importer=elsewhere), "Numbat")
    with act_as(world.who("manager")) as manager:
        guarded = certifiers.change_settings(manager, {"four_eyes": False}, expected_version=0).proposed
    assert guarded is not None
    guest = User.objects.create_user(CONTACT, PASSWORD, name="Guest")
    with act_as(world.loop()), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificatecontact SET user_id = %s WHERE certificate_id = %s",
            [guest.pk, own.certificate.pk],
        )
        assert cursor.rowcount == 1
    with act_as(PLATFORM):
        reading = DirectoryImport.objects.create(
            file_name="operations.xlsx", file_sha256="0" * 64, as_of=clock.now().date(), full=True, state="done"
        )
        edition = HtsEdition.objects.create(name="2025 rev 16", position=202516, first_day=dt.date(2025, 7, 1))
    own.under_continuity = continuity.under_continuity(world, "300")
    with act_as(world.loop()):
        own.continuity_document = ContinuityDocument.objects.get()
    session = open_support(world.certifier)
    return Scene(own, rival, other, elsewhere, guest, reading, edition, guarded, session, *_ways_in(session.operator))


def _ways_in(user: User) -> tuple[Authenticator, UserSession, Delivery]:
    """A passkey, a browser and a piece of news of somebody who is nobody else here."""
    with act_as(Identity(kind=Kind.PERSON, user_id=user.pk)):
        passkey = WebAuthn.add(user, "Laptop", passkeys.registration("127.0.0.1")).instance
        browser = UserSession.objects.create(user=user, ip="192.0.2.7", session_key="k" * 32, user_agent="Browser")
    with act_as(Identity.loop()):
        told = notify("support.ended", Audience.USER, user.pk, certifier_id=None, object_type="", object_id=None)
        news = Delivery.objects.create(notification=told, user=user, email=user.email, subject="News", body="News")
    return passkey, browser, news
