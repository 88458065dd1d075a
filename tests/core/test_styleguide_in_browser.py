"""Every component in every state, in a real browser under the strict content policy: no violation of it, none of WCAG."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import override_settings
from django.urls import path
from playwright.sync_api import Browser, expect

from certportal.urls import urlpatterns as portal_urls
from core.views_styleguide import styleguide
from tests.support.browser import NARROW, WIDE, Window, serving

pytestmark = pytest.mark.long

ERROR_PAGES = ("400", "403", "403_csrf", "404", "429", "500")


def page_of(request: HttpRequest, name: str) -> HttpResponse:
    nav = [{"url": "/", "label": "Queue", "current": True, "count": 3}, {"url": "/x", "label": "Certificates"}]
    return render(request, f"{name}.html", {"nav": nav if "nav" in request.GET else []})


urlpatterns = [path("components", styleguide), path("page/<path:name>", page_of), *portal_urls]

#: The portal's own middleware without what needs a database: these pages have no data.
MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with (
        override_settings(
            ROOT_URLCONF=__name__,
            MIDDLEWARE=MIDDLEWARE,
            SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
            SESSION_COOKIE_SECURE=False,
            CSRF_COOKIE_SECURE=False,
            ALLOWED_HOSTS=["127.0.0.1"],
        ),
        serving() as address,
    ):
        yield address


@pytest.fixture(params=(WIDE, NARROW))
def visitor(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Window]:
    one = Window(chromium, viewport={"width": request.param, "height": 900})
    yield one
    one.close()


def test_components_keep_the_content_policy_and_wcag(site: str, visitor: Window) -> None:
    visitor.page.goto(f"{site}/components?messages")
    visitor.check()


def test_a_refused_form_keeps_them_too_and_takes_the_focus_to_the_summary(site: str, visitor: Window) -> None:
    visitor.page.goto(f"{site}/components")
    visitor.page.get_by_role("button", name="Save and go on").click()
    expect(visitor.page.locator("#error-summary")).to_be_focused()
    visitor.check()
    visitor.page.get_by_role("link", name="Importer of record").click()
    expect(visitor.page.locator("[role=combobox]:focus")).to_have_count(1)


@pytest.mark.parametrize("visitor", [NARROW], indirect=True)
@pytest.mark.parametrize("name", [*ERROR_PAGES, "welcome", "account/signup_closed", "account/account_inactive"])
def test_pages_for_strangers_and_errors_keep_them(site: str, visitor: Window, name: str) -> None:
    visitor.page.goto(f"{site}/page/{name}")
    visitor.page.wait_for_selector("h1")
    visitor.check()


def test_the_combo_box_filters_by_typing_and_the_keyboard_alone_chooses(site: str, visitor: Window) -> None:
    page = visitor.page
    page.goto(f"{site}/components")
    box = page.get_by_label("Importer of record")
    box.fill("sierra")
    expect(page.locator(".portal-combo__option")).to_have_text(["Sierra Fruit Company, Fresno"])
    visitor.check()
    box.press("ArrowDown")
    box.press("Enter")
    expect(page.locator("select[name=importer]")).to_have_value("2")
    box.fill("no such importer")
    box.press("Tab")
    expect(box).to_have_value("Sierra Fruit Company, Fresno")


def test_a_row_is_added_and_nothing_lost_without_javascript(site: str, chromium: Browser) -> None:
    visitor = Window(chromium, java_script_enabled=False)
    page = visitor.page
    page.goto(f"{site}/components")
    page.fill("#id_lots-0-lot", "LOT-7")
    page.get_by_role("button", name="Add a lot").click()
    page.wait_for_selector("#id_lots-1-lot")
    assert page.input_value("#id_lots-0-lot") == "LOT-7"
    expect(page.locator("select[name=importer]")).to_be_visible()
    visitor.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_menu_folds_only_where_a_script_can_open_it(site: str, chromium: Browser, scripts: bool) -> None:
    visitor = Window(chromium, viewport={"width": NARROW, "height": 900}, java_script_enabled=scripts)
    page = visitor.page
    page.goto(f"{site}/page/404?nav")
    links = page.get_by_role("link", name="Certificates", exact=True)
    if scripts:
        expect(links).to_be_hidden()
        page.get_by_role("button", name="Menu").click()
        visitor.check()
    expect(links).to_be_visible()
    visitor.close()
