"""Caught mail is shown as it was sent, and only as text."""

from pathlib import Path

from aiosmtpd.smtp import Envelope

from certportal.launcher.mailcatcher import KEPT, Box, linked, page, summary, text_of


def caught(folder: Path, text: str) -> tuple[Box, str]:
    envelope = Envelope()
    envelope.mail_from = "portal@example.org"
    envelope.rcpt_tos = ["ana@example.org"]
    envelope.content = text.encode()
    box = Box(folder)
    return box, box.put(envelope)


def test_message_is_kept_with_its_recipients(tmp_path: Path) -> None:
    box, name = caught(tmp_path, "Subject: =?utf-8?q?Decisi=C3=B3n?=\r\n\r\nYour request was approved.\r\n")
    message = box.read(name)
    assert message is not None
    known = summary(name, message)
    assert known["subject"] == "Decisión"
    assert known["to"] == ["ana@example.org"]
    assert known["text"].strip() == "Your request was approved."


def test_nothing_in_a_message_is_run(tmp_path: Path) -> None:
    box, name = caught(tmp_path, "Subject: x\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script>")
    message = box.read(name)
    assert message is not None
    assert "<script" not in linked(text_of(message))
    assert "<script" not in page("<script>", "")


def test_addresses_become_links_and_cannot_break_out() -> None:
    shown = linked('see http://127.0.0.1:8000/a?b=1&c=2 and http://x/"onclick="y')
    assert '<a rel="noreferrer" href="http://127.0.0.1:8000/a?b=1&amp;c=2">' in shown
    assert '"onclick' not in shown


def test_a_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path.parent / "outside.eml").write_text("Subject: x\r\n\r\n")
    assert Box(tmp_path).read("../outside") is None


def test_old_messages_make_room(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        (tmp_path / f"{number:019d}-00.eml").write_text("Subject: x\r\n\r\n")
    box, name = caught(tmp_path, "Subject: newest\r\n\r\n")
    assert len(box.names()) == KEPT
    assert box.names()[0] == name
