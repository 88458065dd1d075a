"""Addresses that no link leads to: an answer of the portal, never an error of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from tests.browser.everything import make_everything, visits
from tests.support.world import World

ODD = (
    "q=%00",
    "page=%00",
    "kind=%00&state=%00",
    "page=-1",
    "page=99999999999999999999",
    "q=%ED%A0%80",
    "sort=%27%3B--",
)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_no_page_breaks_on_an_odd_query(world: World, tmp_path: Path) -> None:
    wrong = []
    every = make_everything(world, tmp_path)
    for page in visits(every):
        browser = Client(raise_request_exception=False)
        if page.role in every.sessions:
            browser.cookies["sessionid"] = every.sessions[page.role]
        for odd in ODD:
            answer = browser.get(f"{page.path}{'&' if '?' in page.path else '?'}{odd}")
            if answer.status_code >= 500 or ("%00" in odd and answer.status_code != 400):
                wrong.append((page.role, page.path, odd, answer.status_code))
    assert wrong == []
