"""The look-up page in a real browser: what only a browser sends (Origin, Referer) and enforces (the content policy)."""

import shutil
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.oid_store.server import StoreServer


def test_record_is_looked_up_in_a_browser_without_violations(store: StoreServer, record: dict[str, Any]) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(java_script_enabled=True)
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(store.url)
        page.fill("#id_number", record["number"])
        page.fill("#id_key", store.keys["101"])
        page.click("button")
        page.wait_for_selector("h2", timeout=10_000)
        assert page.inner_text("h2").startswith(record["number"])
        assert record["product_label"] in page.inner_text("dl")
        assert page.input_value("#id_key") == ""
        assert Axe().run(page).violations_count == 0
        browser.close()
    assert [text for text in complaints if "Content Security Policy" in text] == []
