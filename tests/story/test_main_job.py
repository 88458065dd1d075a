"""The main job in real browsers: four people, one certificate, nothing but pages, files and the printed document.

The portal runs as ``./portal up`` starts it: web, workers, beat, the OID-style store, its own databases. No function of the
portal is called, no setting changed.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pikepdf
import pypdfium2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from certportal.launcher.codes import code_at
from tests.support.portal import RunningPortal

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
ISSUE_SECONDS = 90
PICTURES = os.environ.get("PORTAL_TEST_PICTURES", "")
LABEL = "Organic Green Coffee, Washed Arabica"


@pytest.fixture(scope="module")
def portal() -> Iterator[RunningPortal]:
    """A portal of its own, started as a user starts it."""
    with RunningPortal() as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        path = os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def picture(page: Page, name: str) -> None:
    """Leave a picture for a person to look at, where asked for."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


class Person:
    """Somebody in a browser of their own, signed in by the sign-in page."""

    def __init__(self, browser: Browser, url: str, account: dict[str, Any]) -> None:
        self.url = url
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1280, "height": 900}, accept_downloads=True
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{url}/account/login/")
        self.page.locator("[name=login]").fill(account["email"])
        self.page.locator("[name=password]").fill(account["password"])
        self.page.locator("main form button[type=submit]").first.click()
        if account.get("totp_secret"):
            self.page.wait_for_url("**/2fa/authenticate/")
            self.page.locator("[name=code]").fill(code_at(account["totp_secret"], int(time.time())))
            self.page.locator("main form button[type=submit]").first.click()
            self.page.wait_for_url(lambda url: "/2fa/" not in url)
        expect(self.page.locator("main h1")).to_be_visible()
        assert "/account/login" not in self.page.url, self.page.inner_text("main")

    def _complain(self, kind: str, text: str) -> None:
        # a refused form answers 422, which the browser writes to its console
        if kind == "error" and "422" not in text:
            self.complaints.append(text)

    def press(self, name: str) -> None:
        """Press a button of the page's own content."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    def fill(self, **fields: str) -> None:
        """Fill fields by their names."""
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").first.fill(value)


def day(offset: int) -> str:
    """The date ``offset`` days from today."""
    return (dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=offset)).isoformat()


def invoice(folder: Path) -> Path:
    """A small PDF to upload."""
    path = folder / "invoice.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(path)
    return path


def open_task(person: Person, name: str) -> None:
    """Open one task of the list."""
    person.page.locator(f"main a[href$='/tasks/{name}/']").first.click()


def write_request(exporter: Person, folder: Path) -> str:
    """The exporter fills in a request, task by task; returns its reference."""
    page = exporter.page
    page.goto(f"{exporter.url}/requests/")
    page.locator("main").get_by_role("link", name="New request").first.click()
    page.locator("main label", has_text="One shipment").first.click()
    exporter.press("Start the draft")
    expect(page.locator("h1")).to_contain_text(re.compile(r"R-\w+"))
    reference = re.search(r"R-\w+", page.inner_text("h1"))
    assert reference is not None
    open_task(exporter, "product")
    expect(page.locator("main")).to_contain_text("available")
    page.locator("main label", has_text="Coffee, green, arabica").first.click()
    exporter.fill(label_name="Green Coffee", harvest_year=str(dt.datetime.now(tz=dt.UTC).year))
    page.locator("[name=hts_code]").select_option("0901110015")
    page.locator("[name=origin]").select_option("PE")
    page.locator("[name=standard]").select_option("USDA-NOP")
    picture(page, "1-product")
    exporter.press("Save and go on")
    open_task(exporter, "quantity")
    exporter.fill(entered_quantity="6.9", gross_kg="6,990", packages_kind="bags of 69 kg", packages_number="100")
    page.locator("[name=entered_unit]").select_option("TNE")
    exporter.press("Save and convert to kg")
    expect(page.locator("main")).to_contain_text("6,900")
    picture(page, "2-quantity")
    exporter.press("Save and go on")
    open_task(exporter, "parties")
    exporter.fill(
        importer_nop_id="3030000011", importer_contact_email="contact@harborgreen.example",
        recipient_name="Harbor Green Imports LLC", recipient_nop_id="3030000011",
        consignee_name="Harbor Green Imports LLC", consignee_address="1400 Middle Harbor Road, Oakland, CA 94607",
        destination_city="Oakland", destination_state="CA",
    )  # fmt: skip
    exporter.press("Save and go on")
    write_shipment(exporter)
    open_task(exporter, "documents")
    page.locator("main [name=kind]").select_option("commercial_invoice")
    page.locator("main [name=file]").set_input_files(invoice(folder))
    exporter.press("Add")
    expect(page.locator("main")).to_contain_text("invoice.pdf")
    page.locator("main").get_by_role("link", name="Back to the list").click()
    return reference.group()


def write_shipment(exporter: Person) -> None:
    """Transport, lots and containers, period."""
    page = exporter.page
    open_task(exporter, "transport")
    page.locator("[name=transport_mode]").select_option("sea")
    exporter.fill(port_of_lading="Callao", vessel="MV Invented Star", departure_date=day(9))
    page.get_by_label("Port's time zone").fill("America/Lima")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    exporter.press("Save and go on")
    open_task(exporter, "rows")
    page.get_by_label("Lot number").first.fill("STORY-1")
    page.locator("main [name$='-kg']").first.fill("6900")
    page.get_by_label("Container number").first.fill("CPDU0000018")
    page.get_by_label("Invoice number").first.fill("INV-STORY")
    page.locator("main [name^='invoices'][name$='-kg']").first.fill("6900")
    exporter.press("Save and go on")
    open_task(exporter, "period")
    exporter.fill(start_date=day(1), end_date=day(100))
    exporter.press("Save and go on")


def mend_and_submit(exporter: Person) -> None:
    """The deficiency list leads to what is wrong; mended, the request is submitted."""
    page = exporter.page
    page.locator("main").get_by_role("link", name="Check and submit").click()
    deficiencies = page.locator("section[aria-labelledby=missing-heading]")
    expect(deficiencies).to_contain_text("PVF-2")
    picture(page, "3-deficiencies")
    deficiencies.get_by_role("link").first.click()
    exporter.fill(label_name=LABEL)
    exporter.press("Save and go on")
    page.locator("main").get_by_role("link", name="Check and submit").click()
    page.locator("main label", has_text="declare").first.click()
    assert page.locator("section[aria-labelledby=missing-heading]").count() == 0, page.inner_text("main")
    picture(page, "4-submit")
    exporter.press("Submit the request")
    expect(page.locator("main")).to_contain_text("Submitted")
    picture(page, "5-submitted")


def unfold(page: Page, title: str) -> None:
    """Open one of the acts beside a request, where it is folded away."""
    act = page.locator("main details", has=page.locator("summary", has_text=re.compile(rf"^\s*{title}\s*$"))).first
    if act.get_attribute("open") is None:
        act.locator("summary").click()


def review(reviewer: Person, reference: str) -> None:
    """The reviewer finds it in the queue, claims and recommends it."""
    page = reviewer.page
    page.goto(f"{reviewer.url}/review/")
    picture(page, "6-queue")
    page.locator("main").get_by_role("link", name=reference).click()
    reviewer.press("Claim this request")
    expect(page.locator("main")).to_contain_text("VOL-1")
    picture(page, "7-review")
    unfold(page, "Recommend")
    page.locator("form[action$='/recommend/'] label", has_text="Approve").first.click()
    reviewer.press("Record the recommendation")
    expect(page.locator("main")).to_contain_text("recommends approval")


def approve(approver: Person, reference: str) -> None:
    """Another person approves."""
    page = approver.page
    page.goto(f"{approver.url}/review/?state=")
    page.locator("main").get_by_role("link", name=reference).click()
    unfold(page, "Approve")
    approver.press("Approve and certify")
    expect(page.locator("main")).to_contain_text("Approved")
    picture(page, "8-approved")


def download(importer: Person, reference: str, folder: Path) -> tuple[str, Path]:
    """The importer waits for the certificate and downloads it; returns its number and the file."""
    page = importer.page
    end = time.monotonic() + ISSUE_SECONDS
    while True:
        page.goto(f"{importer.url}/certificates/inbox/")
        row = page.locator("main tr", has_text=LABEL).filter(has_text="6,900")
        if row.count():
            break
        assert time.monotonic() < end, f"{reference} was not issued within {ISSUE_SECONDS} s: {page.inner_text('main')}"
        time.sleep(1)
    picture(page, "9-inbox")
    row.first.get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{3}-\d{10}-\d{6}"))
    number = re.search(r"\d{3}-\d{10}-\d{6}", page.inner_text("main"))
    assert number is not None
    picture(page, "10-certificate")
    with page.expect_download() as waiting:
        page.locator("main a[href$='/pdf/']").first.click()
    path = folder / "certificate.pdf"
    waiting.value.save_as(path)
    return number.group(), path


def read_qr(pdf: Path, folder: Path) -> str:
    """The text of the QR code as a camera would read it from the printed page, which tries from nearer and farther."""
    document = pypdfium2.PdfDocument(str(pdf))
    try:
        for page, scale in itertools.product(document, (3, 4, 2.5, 5)):
            image = np.asarray(page.render(scale=scale).to_pil().convert("L"))
            text, _points, _straight = cv2.QRCodeDetector().detectAndDecode(image)
            if text:
                if PICTURES:
                    cv2.imwrite(str(Path(PICTURES) / "11-printed.png"), image)
                return str(text)
    finally:
        document.close()
    raise AssertionError("no QR code was read from the document")


def require_valid_signature(pdf: Path) -> None:
    """The whole file is covered by one intact signature of the certifier's key."""
    with pdf.open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        context = ValidationContext(trust_roots=[signature.signer_cert], allow_fetching=False)
        status = validate_pdf_signature(
            signature, signer_validation_context=context, key_usage_settings=KeyUsageConstraints(key_usage=set())
        )
        assert status.intact
        assert status.valid
        assert status.coverage.name == "ENTIRE_FILE"
        assert "Andes Organic Certification" in signature.signer_cert.subject.human_friendly


def test_from_the_request_to_the_proven_certificate(portal: RunningPortal, chromium: Browser, tmp_path: Path):
    people = {
        role: Person(chromium, portal.url, portal.account(role))
        for role in ("exporter signatory", "reviewer", "approver", "importer")
    }
    exporter = people["exporter signatory"]
    reference = write_request(exporter, tmp_path)
    mend_and_submit(exporter)
    review(people["reviewer"], reference)
    approve(people["approver"], reference)
    number, pdf = download(people["importer"], reference, tmp_path)

    # in a thread of its own: the browser's event loop runs in this one
    with ThreadPoolExecutor(1) as apart:
        apart.submit(require_valid_signature, pdf).result(timeout=60)
    with pikepdf.open(pdf) as opened:
        assert list(opened.attachments)
    address = read_qr(pdf, tmp_path)
    assert address.startswith(f"{portal.url}/certificates/check/")
    assert number in address
    stranger = chromium.new_context().new_page()
    stranger.goto(address)
    shown = stranger.inner_text("main")
    picture(stranger, "12-check")
    for words in (number, LABEL, "6,900", "Harbor Green Imports LLC", "Cooperativa Cafetalera Valle del Sisa"):
        assert words in shown
    assert stranger.goto(f"{portal.url}/certificates/inbox/").url.startswith(f"{portal.url}/account/login/")  # type: ignore[union-attr]
    assert {role: person.complaints for role, person in people.items() if person.complaints} == {}
