"""Whatever leaves the portal as a file leaves it to be saved: no page of ours, no script, nothing for another site."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import reverse

from core.identity import act_as
from core.models import StoredFile
from core.serving import GIVEN, POLICY, attachment
from requests_app.domain import documents, drafts
from tests.support.certificates import issued
from tests.support.drafts import PAPER
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal")


def _safe(answer: HttpResponse) -> None:
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "private" in answer["Cache-Control"]
    assert answer["Content-Type"] in GIVEN


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/plain", "", "text/xml"])
def test_no_page_and_no_drawing_is_ever_given_out(kind: str) -> None:
    with pytest.raises(ValueError, match="never given out"):
        attachment(b"x", name="x", content_type=kind)


@pytest.mark.parametrize("name", ['a"b.pdf', "a\r\nSet-Cookie: x=1.pdf", "ü.pdf", "\u202efdp.exe", "a" * 300])
def test_a_name_cannot_leave_its_header(name: str) -> None:
    answer = attachment(b"x", name=name.replace("\r\n", "__"), content_type="application/pdf")
    assert "\n" not in answer["Content-Disposition"]
    assert answer["Content-Disposition"].isascii()


def test_only_one_function_writes_such_answers() -> None:
    """No module but ``core.serving`` says how a file is to be saved, and none answers with a type of its own choosing."""
    found = []
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            if path.name == "serving.py" or "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                named = isinstance(node, ast.Call) and getattr(node.func, "id", "")
                types = [key for key in getattr(node, "keywords", []) if key.arg == "content_type"]
                if named in {"FileResponse", "StreamingHttpResponse"} or (named == "HttpResponse" and types):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
                if isinstance(node, ast.Constant) and node.value == "Content-Disposition":
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.django_db
def test_documents_of_a_request_are_saved(world: World) -> None:
    with act_as(world.who("preparer")) as actor:
        draft = drafts.start(actor, "single")
        paper = documents.add(actor, draft.pk, "commercial_invoice", PAPER, "in\u202evoice <b>.pdf")
    answer = world.browser("preparer").get(reverse("requests:document", args=[draft.pk, paper.pk]))
    _safe(answer)
    assert answer.content == PAPER
    assert 'filename="invoice _b_.pdf"' in answer["Content-Disposition"]


@pytest.mark.django_db(transaction=True)
def test_certificates_and_workbooks_are_saved(world: World) -> None:
    certificate = issued(world)
    browser: Browser = world.browser("signatory")
    _safe(browser.get(reverse("certificates:pdf", args=[certificate.pk])))
    _safe(browser.get(reverse("api:certificate-pdf", args=[certificate.pk])))
    _safe(browser.get(reverse("pvf:template")))
    _safe(browser.get(reverse("pvf:statement-xlsx", args=[world.line.pk])))
    with act_as(world.who("manager")):
        assert set(StoredFile.objects.values_list("content_type", flat=True)) <= GIVEN
