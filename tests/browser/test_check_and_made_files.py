"""In Chromium: the public check as the QR code and as people use it; a preview and a ZIP that appear when they are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from certificates.domain import bundle_files, documents, previews
from certificates.models import Bundle
from core.identity import act_as
from tests.support.browser import Window
from tests.support.certificates import released
from tests.support.drafts import PAPER, complete_draft
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_qr_code_opens_signed_out_and_leaves_no_code_in_the_address(
    world: World, site: str, chromium: Browser, settings, tmp_path: Path
):
    settings.PORTAL_PUBLIC_ORIGIN = site
    certificate = released(world)
    window = Window(chromium, site)
    page = window.page
    told: list[str] = []
    page.on("request", lambda request: told.append(request.all_headers().get("referer", "")))
    page.goto(documents.check_url(certificate))
    expect(page.get_by_role("heading", name=str(certificate.number))).to_be_visible()
    expect(page).to_have_url(f"{site}/certificates/check/")
    expect(page.get_by_text(f"{site}/", exact=True)).to_be_visible()
    window.check("check-found")
    # Spanish is a click away, and shows the same certificate
    page.get_by_role("button", name="Español").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", name=str(certificate.number))).to_be_visible()
    expect(page).to_have_url(f"{site}/certificates/check/")
    assert {f"{site}/"} <= set(told)
    assert not any(certificate.check_code in referer for referer in told)
    window.check("check-found-es")
    window.close()


def test_a_file_is_compared_and_a_slip_is_told_at_its_field_without_javascript(
    world: World, site: str, chromium: Browser, tmp_path: Path
):
    certificate = released(world)
    file = tmp_path / "received.pdf"
    file.write_bytes(PAPER)
    window = Window(chromium, site, java_script_enabled=False)
    page = window.page
    window.open(reverse("certificates:check"))

    def ask(number: str) -> None:
        page.get_by_label("Certificate number").fill(number)
        page.get_by_label("Check code").fill(certificate.check_code.lower())
        page.get_by_label("The PDF you received").set_input_files(str(file))
        page.get_by_role("button", name="Check", exact=True).click()

    ask(world.client.operation.nop_id)
    field = page.get_by_label("Certificate number")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("This is a NOP ID, not a certificate number"))
    ask(str(certificate.number))
    expect(page.get_by_text("byte for byte")).to_be_visible()
    file.write_bytes(PAPER + b"\n")
    ask(str(certificate.number))
    expect(page.get_by_text("not the issued document")).to_be_visible()
    window.close()


def test_a_preview_appears_on_the_page_when_it_is_made(world: World, site: str, chromium: Browser):
    draft = complete_draft(world)
    window = Window.of(chromium, site, world, "preparer")
    page = window.page
    window.open(reverse("requests:task_list", args=[draft.pk]))
    page.get_by_role("link", name="Preview of the certificate").click()
    page.get_by_role("button", name="Make a preview").click()
    expect(page.get_by_text("The preview is being made.")).to_be_visible()
    with act_as(world.loop()):
        (key,) = previews.due(world.certifier.pk)
    assert previews.make(world.certifier.pk, key)
    link = page.get_by_role("link", name="Download the preview (PDF)")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == f"preview-{draft.reference}.pdf"
    window.check("preview-ready")
    window.close()


def test_a_zip_appears_on_the_page_when_it_is_made(world: World, site: str, chromium: Browser):
    released(world)
    window = Window.of(chromium, site, world, "importer")
    page = window.page
    window.open(reverse("certificates:inbox"))
    page.get_by_role("link", name="Download many").click()
    page.get_by_role("button", name="Make the ZIP").click()
    expect(page.get_by_text("Being made: 0 of 1")).to_be_visible()
    window.check("bundle-waiting")
    with act_as(world.who("importer")):
        row = Bundle.objects.get()
    assert bundle_files.make(None, row.pk)
    link = page.get_by_role("link", name=re.compile("^Download (?!many)"))
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.endswith("-1.zip")
    window.check("bundle-ready")
    window.close()
