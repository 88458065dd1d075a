"""The exporter's pages in Chromium: neither WCAG nor the content policy is broken, with and without JavaScript."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, expect

from core.identity import act_as
from requests_app.domain import corrections, questions, submission
from review.domain import claims
from tests.support.browser import NARROW, WIDE, Window
from tests.support.drafts import complete_draft
from tests.support.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


def addresses(world: World) -> dict[str, str]:
    """Pages in the states that show most."""
    draft = complete_draft(world, lot="L-1", label_name="Organic coffee")
    asked, proposed = complete_draft(world), complete_draft(world, "2000")
    for request in (asked, proposed):
        with act_as(world.who("signatory")) as actor:
            submission.submit(actor, request.pk)
        with act_as(world.who("reviewer")) as actor:
            row = claims.claim(actor, request.pk)
            if request is asked:
                questions.ask(
                    actor, request.pk, text="Which vessel carries the container?", fields=["vessel", "containers"],
                    document_kinds=["bill_of_lading"], expected_version=row.version,
                )  # fmt: skip
            else:
                corrections.propose(actor, request.pk, changes={"net_kg": "600"}, expected_version=row.version)
    tasks = {
        name: reverse("requests:task", kwargs={"pk": draft.pk, "task": name})
        for name in ("product", "quantity", "parties", "rows", "documents")
    }
    return {
        "home": reverse("requests:home"), "new": reverse("requests:new"),
        "task-list": reverse("requests:task_list", kwargs={"pk": draft.pk}), **tasks,
        "submit": reverse("requests:review_submit", kwargs={"pk": draft.pk}),
        "asked": reverse("requests:detail", kwargs={"pk": asked.pk}),
        "proposed": reverse("requests:detail", kwargs={"pk": proposed.pk}),
    }  # fmt: skip


def test_the_exporter_s_pages_are_accessible_and_keep_the_content_policy(world: World, site: str, chromium: Browser):
    pages = addresses(world)
    for width in (WIDE, NARROW):
        window = Window.of(chromium, site, world, "signatory", viewport={"width": width, "height": 900})
        for name, address in pages.items():
            window.open(address)
            assert window.page.locator("h1").count() == 1, name
            window.check(f"{name}-{width}")
        window.close()
    window = Window.of(chromium, site, world, "signatory", java_script_enabled=False)
    page = window.page
    window.open(pages["quantity"])
    page.get_by_label("Net quantity").fill("2,000")
    page.get_by_label("Unit", exact=True).select_option("LBR")
    page.get_by_role("button", name="Save and convert to kg").click()
    expect(page.locator("main")).to_contain_text("907.185\N{NO-BREAK SPACE}kg")
    window.open(pages["rows"])
    page.get_by_role("button", name="Add a lot").click()
    expect(page.get_by_label("Lot number")).to_have_count(2)
    window.close()
