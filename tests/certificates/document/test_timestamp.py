"""A signature carries the stamp of the operator's server and its authority's answers, or the document is not made."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import io
from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest

from certificates.document import errors
from certificates.document.keys import SigningKey, load_signing_key
from certificates.document.proof import Problem, Trust, check_signature
from certificates.document.services import Services
from certificates.document.sign import sign_document
from tests.certificates.document import samples
from tests.support import pki

AUTHORITY = "Invented Authority"


@pytest.fixture(scope="module")
def authority() -> pki.Holder:
    return pki.holder(AUTHORITY, ca=True)


@pytest.fixture(scope="module")
def clock(authority: pki.Holder) -> pki.Holder:
    return pki.holder("Invented Clock", authority, stamps=True)


@pytest.fixture
def server(clock: pki.Holder) -> Iterator[pki.Server]:
    with pki.serving(clock) as server:
        yield server


@functools.cache
def unsigned() -> bytes:
    """A document before it is signed."""
    return samples.unsigned()


def key_of(holder: pki.Holder, *chain: pki.Holder, services: Services) -> SigningKey:
    key = load_signing_key(
        holder.pkcs12(*chain), pki.PASSWORD, portal_env="test", now=dt.datetime.now(dt.UTC)
    )  # fmt: skip
    return dataclasses.replace(key, services=services)


def stamping(server: pki.Server, authority: pki.Holder, **more: Any) -> Services:
    return Services(server.url, (authority.asn1,), seconds=1, **more)


def test_the_stamp_says_when_and_the_signature_covers_the_whole_file(authority: pki.Holder, server: pki.Server):
    key = key_of(pki.holder("Invented Signer"), services=stamping(server, authority))
    signer, findings = check_signature(
        sign_document(unsigned(), key), Trust.of([key.fingerprint], clocks=[authority.asn1])
    )
    assert findings == []
    assert signer is not None
    assert (signer.level, signer.stamped_by, signer.trusted) == ("PAdES B-T", "Invented Clock", True)
    assert signer.stamped_at is not None and abs(signer.stamped_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert server.asked == ["/stamp"]


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("refuses", "answered 503"), ("hangs", "in time"), ("leads elsewhere", "answered 307"),
        ("no reply", "cannot be read"), ("floods", "too long"), ("nonce", "cannot be read"),
        ("other digest", "not one of this signature"), ("yesterday", "stamped at"),
    ],
)  # fmt: skip
def test_without_a_good_stamp_nothing_is_signed(authority: pki.Holder, server: pki.Server, mode: str, why: str):
    server.mode = mode
    key = key_of(pki.holder("Invented Signer"), services=stamping(server, authority))
    with pytest.raises(errors.TimeStampMissing) as refused:
        sign_document(unsigned(), key)
    assert why in refused.value.why
    assert refused.value.pause > 0


def test_a_server_that_is_down_is_no_reason_to_sign_without_it(authority: pki.Holder):
    key = key_of(
        pki.holder("Invented Signer"), services=Services("http://127.0.0.1:9/stamp", (authority.asn1,), seconds=1)
    )  # fmt: skip
    with pytest.raises(errors.TimeStampMissing):
        sign_document(unsigned(), key)


def test_another_servers_stamp_is_not_taken(authority: pki.Holder):
    with pki.serving(pki.holder("Another Clock", stamps=True)) as other:
        key = key_of(pki.holder("Invented Signer"), services=stamping(other, authority))
        with pytest.raises(errors.TimeStampMissing) as refused:
            sign_document(unsigned(), key)
    assert "not a time-stamp server known" in refused.value.why


def test_a_certificate_that_is_not_for_stamps_stamps_nothing(authority: pki.Holder):
    with pki.serving(pki.holder("No Clock", authority)) as other:
        key = key_of(pki.holder("Invented Signer"), services=stamping(other, authority))
        with pytest.raises(errors.TimeStampMissing):
            sign_document(unsigned(), key)


def listed(server: pki.Server, authority: pki.Holder, *revoked: pki.Holder, name: str = "Listed Signer") -> pki.Holder:
    """A signer whose certificate names the server's list, and the list there."""
    signer = pki.holder(name, authority, crl=f"{server.origin}/list.crl")
    server.lists["/list.crl"] = pki.revocation_list(authority, *revoked)
    return signer


def test_what_the_authority_says_about_revocation_is_inside_and_signed(authority: pki.Holder, server: pki.Server):
    signer = listed(server, authority)
    services = stamping(server, authority, revocation_hosts=frozenset({"127.0.0.1"}))
    key = key_of(signer, authority, services=services)
    signed = sign_document(unsigned(), key)
    found, findings = check_signature(signed, Trust.of(roots=[authority.asn1], clocks=[authority.asn1]))
    assert findings == []
    assert found is not None
    assert (found.level, found.trusted, found.revocation) == ("PAdES B-LT", True, True)
    with pikepdf.open(io.BytesIO(signed)) as opened:
        assert len(opened.Root.DSS.CRLs) == 1


def test_a_revoked_key_signs_nothing(authority: pki.Holder, server: pki.Server):
    signer = pki.holder("Listed Signer", authority, crl=f"{server.origin}/list.crl")
    server.lists["/list.crl"] = pki.revocation_list(authority, signer)
    key = key_of(signer, authority, services=Services(revocation_hosts=frozenset({"127.0.0.1"}), seconds=1))
    with pytest.raises(errors.NoSigningKey) as refused:
        sign_document(unsigned(), key)
    assert "revoked" in refused.value.why


@pytest.mark.parametrize("mode", ["stamps", "leads elsewhere"], ids=["no list there", "redirect"])
def test_an_authority_that_gives_no_answer_makes_the_document_wait(
    authority: pki.Holder, server: pki.Server, mode: str
):
    server.mode = mode
    signer = pki.holder("Listed Signer", authority, crl=f"{server.origin}/nothing.crl")
    key = key_of(signer, authority, services=Services(revocation_hosts=frozenset({"127.0.0.1"}), seconds=1))
    with pytest.raises(errors.RevocationUnknown):
        sign_document(unsigned(), key)


def test_an_uploaded_certificate_cannot_make_the_portal_call_an_address(authority: pki.Holder, server: pki.Server):
    signer = listed(server, authority)
    key = key_of(signer, authority, services=Services(revocation_hosts=frozenset({"authority.invented"}), seconds=1))
    found, findings = check_signature(sign_document(unsigned(), key), Trust.of([key.fingerprint]))
    assert findings == []
    assert found is not None and not found.revocation
    assert server.asked == []
    assert (key.revocation_hosts, key.carries_revocation) == (frozenset({"127.0.0.1"}), False)


def test_a_chain_that_names_nobody_to_ask_carries_no_answers(server: pki.Server, authority: pki.Holder):
    key = key_of(pki.holder("Invented Signer"), services=Services(revocation_hosts=frozenset({"127.0.0.1"})))
    found, findings = check_signature(sign_document(unsigned(), key))
    assert findings == []
    assert found is not None
    assert (found.level, key.carries_revocation, server.asked) == ("PAdES B-B", False, [])


def test_a_time_stamp_server_without_its_authority_is_no_setting():
    with pytest.raises(ValueError, match="must lead to"):
        Services("http://127.0.0.1:9/stamp")


def test_a_signature_that_a_list_in_the_file_revokes_is_found(authority: pki.Holder, server: pki.Server):
    """The list is signed by the authority: whoever adds it later in a revision is found by the coverage, and it counts."""
    signer = listed(server, authority)
    services = Services(revocation_hosts=frozenset({"127.0.0.1"}), seconds=1)
    signed = sign_document(unsigned(), key_of(signer, authority, services=services))
    later = pki.revocation_list(authority, signer)
    with pikepdf.open(io.BytesIO(signed)) as opened:
        opened.Root.DSS.CRLs = pikepdf.Array([opened.make_indirect(pikepdf.Stream(opened, later))])
        output = io.BytesIO()
        opened.save(output)
    _found, findings = check_signature(output.getvalue(), Trust.of(roots=[authority.asn1]))
    assert Problem.SIGNER_REVOKED in {finding.problem for finding in findings}
