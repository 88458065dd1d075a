"""A world in which every page has something to show, and the list of those pages by who opens them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from playwright.sync_api import Page

from certificates.domain import bundles, overages, previews, shipments
from certificates.models import (
    Bundle,
    Certificate,
    CertificateState,
    ContinuityDocument,
    OverageReport,
    Preview,
    Shipment,
)
from core import clock, ids
from core.identity import act_as
from core.secrets import encrypt
from oid_sync.connectors.assisted import entries
from oid_sync.domain import calls
from oid_sync.models import CallState, Drift, DriftKind, OidCall, OidExchange, ReconciliationRun
from organizations.domain import brokers, certifiers, invitations, tokens
from organizations.domain.parties import own_party
from organizations.models import DirectoryImport
from organizations.models_sign_on import SignOnLink, SignOnProvider
from pvf.domain import proposals, workbook_out
from pvf.domain.rows import ProposedLine
from pvf.models import HtsEdition, ProcessingReport, PVFVersion
from requests_app.models import Request
from tests.browser.sessions import PASSWORD, everybodys_sessions
from tests.pvf.support import next_year, reported
from tests.support import continuity, stages
from tests.support.certificates import issued, numbered
from tests.support.world import PLATFORM, World, make_line


@dataclass(frozen=True)
class Visit:
    """One page: who opens it, its path, the status it answers with, and what is done on it before it is judged."""

    name: str
    role: str
    path: str
    status: int = 200
    act: Callable[[Page], None] | None = None
    #: Whether another person's visit shows the same template: one language is then enough.
    again: bool = False


@dataclass
class Everything:
    """Handles to the rows that the pages are about."""

    world: World
    version: PVFVersion
    certificate: Certificate
    shipment: Shipment
    overage: OverageReport
    draft: PVFVersion
    report: ProcessingReport
    reading: DirectoryImport
    invitation: str
    sessions: dict[str, str]
    workbook: Path
    #: A call that OID refused, and one that waits for a person.
    refused: OidCall
    to_key: OidCall
    request: Request


def _row(quantity: str, number: int, label: str = "Organic green coffee") -> ProposedLine:
    return ProposedLine(
        line_number=number, product_name="Green coffee, arabica", label_name=label, scope="Handling",
        hts_codes=("0901110015",), origins=("PE", "EC"), quantity=Decimal(quantity),
    )  # fmt: skip


def _shipped(world: World) -> tuple[Certificate, Shipment]:
    certificate = issued(world, "1250.5", lot="LOT-7")
    with act_as(world.who("signatory")) as actor:
        for key, kg in (("a", "150"), ("b", "400.25")):
            shipment = shipments.report(
                actor, certificate.pk, quantity=Decimal(kg), unit="KGM", key=key,
                departure_date=certificate.start_date, transport_document=f"BL-{key}",
            )  # fmt: skip
        first = Shipment.objects.get(certificate=certificate, sequence=1)
        shipments.correct(actor, first.pk, reason="Entered for another container.")
    return certificate, shipment


def _overage(world: World, certificate: Certificate) -> OverageReport:
    with act_as(world.who("signatory")) as actor:
        return overages.report(
            actor, certificate.pk, quantity=Decimal("2000.5"), unit="KGM", departure_date=certificate.start_date, key="o",
            note="The scale at the port shows more.",
        )  # fmt: skip


def _processed(world: World) -> ProcessingReport:
    """A processing report that waits for its approval."""
    roasted = make_line(
        world.client, "0", pvf=world.pvf, label_name="Organic roasted coffee", product_name="Roasted"
    ).line
    return reported(world, roasted, role="signatory")


def _under_continuity(world: World) -> None:
    """A declared outage, and a certificate with a continuity document in it."""
    stages.approved(world, "800")
    continuity.under_continuity(world, "600")


def _on_the_way_to_oid(world: World) -> tuple[OidCall, OidCall]:
    """A call that OID refused, one that a person keys, one that waits, a document given up, a run with its differences."""
    _under_continuity(world)
    stages.approved(world, "900")
    stages.approved(world, "950")
    stuck = numbered(world, "700")
    with act_as(world.loop()):
        calls.make_missing(world.certifier.pk)
        refused, to_key = OidCall.objects.filter(operation="register").order_by("created_at")[:2]
        to_key.state, to_key.connector, to_key.attempts = CallState.AWAITING_PERSON, "assisted", 1
        to_key.save()
        exchange = {"certifier": world.certifier, "call": refused, "at": clock.now(), "milliseconds": 120}
        OidExchange(request="POST …", status=422, answer='{"code": "OID-106"}', **exchange).save(force_insert=True)
        refused.state, refused.reason_code = CallState.REJECTED, "OID-106"
        refused.reason, refused.attempts = "The importer is Suspended.", 2
        refused.save()
        stuck.document_error, stuck.document_attempts = "The signing key of this certifier has ended.", 5
        stuck.save()
        run = ReconciliationRun(
            certifier=world.certifier, state=ReconciliationRun.State.DONE, compared=41, found=2, done_at=clock.now()
        )
        run.save(force_insert=True)
        values: dict[str, Any] = {"certifier": world.certifier, "last_run": run}
        Drift(
            kind=DriftKind.BALANCE, subject=str(world.line.pk), portal_value={"available": "48999.500"},
            other_value={"available": "49000.500"}, **values,
        ).save(force_insert=True)  # fmt: skip
        Drift(
            kind=DriftKind.SHIPPED, subject="101-1010000011-000001", portal_value="10.000", other_value="11.000",
            closed_at=clock.now(), closed_because="Gone in the next run.", **values,
        ).save(force_insert=True)  # fmt: skip
    with act_as(world.who("manager")) as manager:
        entries.begin(manager, to_key.pk)
    return refused, to_key


def _made_files(world: World) -> Request:
    """A request with a preview that is ready; files of documents that are ready, being made and not made."""
    request = stages.submitted(world, "20")
    with act_as(world.who("signatory")) as actor:
        preview = previews.ask(actor, request.pk)
    made = {"state": "ready", "path": "x", "sha256": "0" * 64, "size": 123456}
    with act_as(world.loop()):
        Preview.objects.filter(pk=preview.pk).update(**made)
    for state in (
        made,
        {"state": "failed", "error": "BUNDLE-FILE", "details": {"number": "101-1010000011-000001"}},
        {},
    ):
        with act_as(world.who("manager")) as actor:
            bundle = bundles.ask(actor, bundles.Wanted(exporter="Invented"))
        with act_as(world.loop()):
            Bundle.objects.filter(pk=bundle.pk).update(done=0, **state)
    return request


def _organisations(world: World) -> str:
    """Grants, keys, a version of the settings, an open invitation: its token."""
    with act_as(world.who("importer")) as importer:
        last = clock.now().date() + dt.timedelta(days=30)
        brokers.grant(importer, broker_id=world.broker.pk, valid_until=last, scopes=["receipts"])
    with act_as(world.who("signatory")) as signatory:
        brokers.grant(signatory, broker_id=world.broker.pk, valid_until=last, scopes=["drafts", "shipments"])
    for role in ("manager", "signatory"):
        world.with_second_step(role)
        with act_as(world.who(role)) as actor:
            tokens.create(actor, name="ERP of the head office", days=30)
    with act_as(world.who("manager")) as manager:
        certifiers.change_settings(manager, {"hard_limit_days": 20, "four_eyes": False}, expected_version=0)
        party = own_party(manager)
        _, token = invitations.open_invitation(
            manager, party, email="new.reviewer@certifier.example", roles=["reviewer"]
        )
    return token


def _provider(world: World) -> None:
    """The certifier's identity provider, and somebody who has come by it."""
    at = {"issuer": "https://login.invented.example", "client_id": "the-portal"}
    with act_as(world.loop()):
        SignOnProvider.objects.create(
            certifier=world.certifier, name="Invented ID", encrypted_secret=encrypt(b"a"), **at
        )
        SignOnLink.objects.create(
            certifier=world.certifier, user=world.members["reviewer"].user, subject="person-1", **at
        )


def make_everything(world: World, folder: Path) -> Everything:
    """Fill the world by the same functions as the pages use."""
    with act_as(PLATFORM):
        HtsEdition.objects.create(name="2025 rev 16", position=202516, first_day=dt.date(2025, 7, 1))
        HtsEdition.objects.create(name="2025 rev 17", position=202517)
    certificate, shipment = _shipped(world)
    refused, to_key = _on_the_way_to_oid(world)
    with act_as(world.who("signatory")) as actor:
        version = proposals.propose(
            actor, client_id=world.client.pk, number=world.pvf.number, period_start=world.pvf.period_start,
            period_end=world.pvf.period_end, rows=[_row("60000", 1), _row("500", 2, "Organic decaffeinated coffee")],
            note="The harvest is larger than was expected in spring.",
        )  # fmt: skip
    book = folder / "faulty.xlsx"
    bad = {"number": "", "period_start": "2031-01-01", "period_end": "2031-12-31"}
    book.write_bytes(workbook_out.write_pvf(bad, [_row("500", 1), _row("700", 1)]))  # type: ignore[arg-type]
    overage = _overage(world, certificate)
    with act_as(PLATFORM):
        reading = DirectoryImport.objects.create(
            file_name="operations.xlsx", file_sha256="0" * 64, as_of=clock.now().date(), full=True, rows_done=500,
            rows_total=76000, added=20, changed=7, unchanged=473,
        )  # fmt: skip
    report = _processed(world)
    draft = next_year(world, "signatory")
    _provider(world)
    invitation, sessions = _organisations(world), everybodys_sessions(world)
    return Everything(
        world, version, certificate, shipment, overage, draft, report, reading, invitation, sessions, book,
        refused, to_key, _made_files(world),
    )  # fmt: skip


def _sign_in_with_two_steps(world: World) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
        page.goto(page.url.split("/account/", maxsplit=1)[0] + reverse("account_login"))
        page.locator("input[name=login]").fill(world.members["approver"].user.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.wait_for_url("**/2fa/authenticate/")

    return act


def _upload(book: Path) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator("input[type=file]").set_input_files(str(book))
        page.locator("main form button[type=submit]").click()
        page.wait_for_selector("main table")

    return act


def _press(page: Page) -> None:
    """Send a form as it is: it comes back with what is missing."""
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_selector(".portal-error-summary, .usa-error-message")


def _new_key(page: Page) -> None:
    page.locator("main input[name=name]").fill("Warehouse")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_selector(".portal-copy")


def visits(every: Everything) -> list[Visit]:
    """Every page outside the request's own and the review's, which have tests of their own."""
    return [*_public(every), *_staff(every), *_parties(every), *_account()]


def _public(every: Everything) -> list[Visit]:
    certificate, world = every.certificate, every.world
    asked = f"?number={certificate.number}&code={certificate.check_code}"
    user = world.members["viewer"].user
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    paths = [
        ("welcome", "home", {}), ("login", "account_login", {}), ("reset", "account_reset_password", {}),
        ("reset-sent", "account_reset_password_done", {}), ("reset-done", "account_reset_password_from_key_done", {}),
        ("reset-key", "account_reset_password_from_key", key), ("signup", "account_signup", {}),
        ("inactive", "account_inactive", {}), ("verify-sent", "account_email_verification_sent", {}),
        ("verify", "account_confirm_email", {"key": "gone"}), ("check", "certificates:check", {}),
        ("accept", "organizations:accept", {"token": every.invitation}),
        ("way-in", "sign_on:way_in", {"slug": world.certifier.slug}),
    ]  # fmt: skip
    check = reverse("certificates:check")
    return [
        *(Visit(name, "nobody", reverse(view, kwargs=kwargs)) for name, view, kwargs in paths),
        Visit("check-found", "nobody", check + asked),
        Visit("check-not-found", "nobody", f"{check}?number={certificate.number}&code={ids.readable_code()}"),
        Visit("check-misread", "nobody", f"{check}?number={world.importer.nop_id}&code=AAAA", 422),
        Visit("accept-gone", "nobody", reverse("organizations:accept", kwargs={"token": "gone"}), 404),
        Visit("way-in-refused", "nobody", reverse("sign_on:back", args=[world.certifier.slug]), 403),
        Visit("mfa-authenticate", "newcomer", reverse("account_login"), act=_sign_in_with_two_steps(world)),
    ]


def _staff(every: Everything) -> list[Visit]:
    world, pk = every.world, {"pk": every.certificate.pk}
    manager = [
        ("pvf-list", "pvf:list", {}), ("pvf-detail", "pvf:detail", {"pk": world.pvf.pk}),
        ("pvf-line", "pvf:line", {"pk": world.line.pk}), ("pvf-version", "pvf:version", {"pk": every.version.pk}),
        ("pvf-report", "pvf:report", {"pk": every.report.pk}), ("statement", "pvf:statement", {"pk": world.line.pk}),
        ("pvf-import", "pvf:import", {}), ("pvf-editions", "pvf:editions", {}),
        ("people", "organizations:people", {}), ("clients", "organizations:clients", {}),
        ("member", "organizations:member", {"membership_id": world.members["reviewer"].pk}),
        ("client", "organizations:client", {"client_id": world.client.pk}),
        ("directory", "organizations:directory", {}), ("importer-confirm", "organizations:importer_confirm", {}),
        ("settings", "organizations:settings", {}), ("keys", "organizations:tokens", {}),
        ("oid-desk", "oid_sync:desk", {}), ("reconciliation", "oid_sync:reconciliation", {}),
        ("oid-connection", "oid_sync:connection", {}), ("oid-call", "oid_sync:call", {"pk": every.refused.pk}),
        ("by-hand", "oid_sync:assisted:list", {}),
        ("by-hand-sheet", "oid_sync:assisted:sheet", {"pk": every.to_key.pk}), ("signing", "certificates:signing", {}),
        ("letterhead", "organizations:letterhead", {}), ("changes", "organizations:guarded_changes", {}),
        ("audit", "organizations:audit", {}), ("sign-on", "organizations:sign_on", {}),
        ("certificates", "certificates:list", {}), ("certificate", "certificates:detail", pk),
        ("stuck", "certificates:stuck", {}), ("shipment", "certificates:shipments", pk),
        ("correct", "certificates:correct-shipment", {**pk, "shipment_id": every.shipment.pk}),
        ("api-docs", "api:docs", {}), ("overages", "certificates:overages", {}),
        ("settle", "certificates:settle", {"overage_id": every.overage.pk}), ("amend", "certificates:amend", pk),
        ("void", "certificates:void", pk), ("oid-seen", "certificates:oid-seen", pk),
        ("outage", "certificates:outage", {}), ("total", "certificates:total", pk),
        ("preview", "certificates:preview", {"pk": every.request.pk}), ("bundles", "certificates:bundles", {}),
    ]  # fmt: skip
    return [
        *(Visit(name, "manager", reverse(view, kwargs=kwargs)) for name, view, kwargs in manager),
        *_continuity(world),
        Visit("refused", "manager", reverse("organizations:platform"), 403),
        Visit("missing", "manager", "/no/such/page/", 404),
        Visit("oid-connection-by-hand", "manager", reverse("oid_sync:connection") + "?by=assisted"),
        Visit("by-hand-refused", "manager", reverse("oid_sync:assisted:sheet", args=[every.to_key.pk]), act=_press),
        Visit("shipment-refused", "manager", reverse("certificates:shipments", kwargs=pk), act=_press),
        Visit("key-new", "manager", reverse("organizations:tokens"), act=_new_key),
        Visit("sign-on-refused", "manager", reverse("organizations:sign_on"), act=_press),
        Visit("access-review", "manager", reverse("organizations:access_review")),
        Visit("platform-people", "platform", reverse("organizations:operator_people")),
        Visit("platform-people-refused", "platform", reverse("organizations:operator_people"), act=_press),
        Visit("platform", "platform", reverse("organizations:platform")),
        Visit("platform-refused", "platform", reverse("organizations:platform"), act=_press),
        Visit("support", "platform", reverse("organizations:support")),
        Visit("support-refused", "platform", reverse("organizations:support"), act=_press),
        Visit("support-log", "manager", reverse("organizations:support_log")),
        Visit("support-reading", "supporter", reverse("organizations:clients")),
        Visit("platform-imports", "platform", reverse("organizations:directory_imports")),
        Visit("platform-import", "platform", reverse("organizations:directory_import", args=[every.reading.pk])),
        Visit("platform-editions", "platform", reverse("pvf:editions")),
    ]


def _continuity(world: World) -> list[Visit]:
    """A certificate under a continuity document, the form that asks for one, and the public check of it."""
    with act_as(world.loop()):
        made = ContinuityDocument.objects.get()
        waiting = Certificate.objects.filter(state=CertificateState.AWAITING_NUMBER).order_by("approved_at")[0]
    asked = f"?reference={made.reference}&code={made.check_code}"
    form = reverse("certificates:continuity", args=[waiting.pk])
    check = reverse("certificates:check-continuity")
    return [
        Visit("under-continuity", "approver", reverse("certificates:detail", args=[made.certificate_id]), again=True),
        Visit("continuity", "approver", form),
        Visit("continuity-refused", "approver", form, act=_press),
        Visit("check-continuity", "nobody", check),
        Visit("check-continuity-found", "nobody", check + asked),
    ]


def _parties(every: Everything) -> list[Visit]:
    world, pk = every.world, {"pk": every.certificate.pk}
    pages: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
        "signatory": [
            ("pvf-list", "pvf:list", {}), ("pvf-detail", "pvf:detail", {"pk": world.pvf.pk}),
            ("pvf-version", "pvf:version", {"pk": every.version.pk}), ("people", "organizations:people", {}),
            ("member", "organizations:member", {"membership_id": world.members["viewer"].pk}),
            ("pvf-new", "pvf:start", {}), ("pvf-draft", "pvf:draft", {"pk": every.draft.pk}),
            ("pvf-draft-line", "pvf:draft-line", {"pk": every.draft.pk, "number": 1}),
            ("pvf-top-up", "pvf:top-up", {"pk": world.line.pk}), ("pvf-process", "pvf:process", {"pk": world.pvf.pk}),
            ("pvf-next-year", "pvf:next-year", {"pk": world.pvf.pk}),
            ("delegations", "organizations:delegations", {}), ("certificates", "certificates:list", {}),
            ("certificate", "certificates:detail", pk), ("claim", "organizations:claim", {}),
        ],
        "importer": [
            ("inbox", "certificates:inbox", {}), ("certificate", "certificates:detail", pk),
            ("receipt", "certificates:receipt", {**pk, "shipment_id": every.shipment.pk}),
            ("delegations", "organizations:delegations", {}), ("people", "organizations:people", {}),
        ],
        "broker": [
            ("inbox", "certificates:inbox", {}), ("delegations", "organizations:delegations", {}),
            ("requests", "requests:home", {}), ("request-new", "requests:new", {}), ("certificate", "certificates:detail", pk),
            ("shipment", "certificates:shipments", pk),
        ],
    }  # fmt: skip
    #: the manager's own visits show these templates in both languages
    seen = {"pvf-list", "pvf-detail", "pvf-version", "people", "member", "certificates", "certificate"}
    rows = [
        Visit(f"{role}-{name}", role, reverse(view, kwargs=kwargs), again=role == "broker" or name in seen)
        for role, entries in pages.items()
        for name, view, kwargs in entries
    ]
    upload = Visit("signatory-pvf-errors", "signatory", reverse("pvf:import"), act=_upload(every.workbook))
    return [*rows, upload]


def _account() -> list[Visit]:
    """The account's own pages: without a second step (importer), with one (approver), with a passkey (signatory)."""
    pages = {
        "importer": [
            ("mfa", "mfa_index"), ("mfa-activate", "mfa_activate_totp"), ("password", "account_change_password"),
            ("email", "account_email"), ("reauthenticate", "account_reauthenticate"), ("logout", "account_logout"),
            ("sessions", "usersessions_list"), ("passkey-add", "mfa_add_webauthn"), ("passkeys-none", "mfa_list_webauthn"),
        ],
        "reviewer before the second step": [("mfa-due", "mfa_index")],
        "signatory": [("passkeys", "mfa_list_webauthn"), ("passkey-reauthenticate", "mfa_reauthenticate_webauthn")],
        "approver": [
            ("mfa-on", "mfa_index"), ("mfa-codes", "mfa_view_recovery_codes"), ("mfa-off", "mfa_deactivate_totp"),
            ("mfa-new-codes", "mfa_generate_recovery_codes"), ("mfa-reauthenticate", "mfa_reauthenticate"),
        ],
    }  # fmt: skip
    rows = [Visit(name, role, reverse(view)) for role, entries in pages.items() for name, view in entries]
    passkey = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN).pk
    rows += [
        Visit("passkey-rename", "signatory", reverse("mfa_edit_webauthn", args=[passkey])),
        Visit("passkey-remove", "signatory", reverse("mfa_remove_webauthn", args=[passkey])),
        Visit("confirm", "stale manager", reverse("certificates:signing"), 403),
    ]
    return [*rows, Visit("password-set", "platform", reverse("account_set_password"))]
