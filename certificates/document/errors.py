"""Why a document could not be made. Each is a reason the desk can show; none is answered with half a document."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class DocumentError(DomainError):
    """A certificate document could not be made or read. ``code`` is stable, ``details`` holds the figures.

    ``pause``: seconds after which a first new try makes sense; each further one waits twice as long.
    """

    pause = 0


class SnapshotError(DocumentError):
    """The snapshot lacks a field, has one too many, or holds a value in the wrong form; ``details["problems"]`` lists them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            "DOC-SNAPSHOT",
            _("The certificate's data are not complete or not in the agreed form. The document was not made."),
            details={"problems": problems},
        )
        self.problems = problems

    def __str__(self) -> str:
        return f"{self.code}: {'; '.join(self.problems)}"


class UnprintableText(DocumentError):
    """Characters that no bundled font has, or that steer the direction of text: they would print as boxes, or lie."""

    def __init__(self, characters: dict[str, str]) -> None:
        listed = ", ".join(f"U+{ord(character):04X} in {path}" for character, path in characters.items())
        super().__init__(
            "DOC-GLYPHS",
            _("Some characters cannot be printed with the installed fonts. Correct the text or install the fonts."),
            details={"characters": {f"U+{ord(character):04X}": path for character, path in characters.items()}},
        )
        self.characters = characters
        self.listed = listed

    def __str__(self) -> str:
        return f"{self.code}: no glyph for {self.listed}"


class ResourceRefused(DocumentError):
    """The template asked for something that is neither bundled nor in the document itself (network, other files)."""

    def __init__(self, url: str) -> None:
        super().__init__(
            "DOC-RESOURCE",
            _("The document asked for a resource that is not bundled with it. It was not made."),
            details={"url": url[:200]},
        )
        self.url = url

    def __str__(self) -> str:
        return f"{self.code}: refused {self.url[:200]}"


class FontsMissing(DocumentError):
    """A font of the document is not installed. Set-up installs it (`./portal up`, from the npm lock file)."""

    def __init__(self, path: str) -> None:
        super().__init__(
            "DOC-FONTS",
            _("A font of the document is not installed. Run the set-up again."),
            details={"path": path},
        )
        self.path = path

    def __str__(self) -> str:
        return f"{self.code}: {self.path} is missing; run ./portal up (npm ci)"


class LogoMissing(DocumentError):
    """The logo that the snapshot names is not at hand, or another was handed over: the document would not be the agreed one."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            "DOC-LOGO",
            _("The logo that this certificate was approved with is not there. The document was not made."),
            details={"logo_sha256": wanted},
        )


class NoSigningKey(DocumentError):
    """There is no usable key of the certifier: no document is made. An unsigned certificate does not exist."""

    CODE = "DOC-KEY"

    def __init__(self, why: str) -> None:
        super().__init__(
            self.CODE,
            _("There is no usable signing key for this certifier. The document was not made."),
            details={"why": why},
        )
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


class DemoKeyRefused(NoSigningKey):
    """A demonstration key was asked for, or found, where only a real one may sign (PORTAL_ENV=production)."""


class TimeStampMissing(DocumentError):
    """The time-stamp server did not give a usable stamp. The document waits: it is never signed without one instead."""

    CODE = "DOC-TIMESTAMP"
    pause = 30

    def __init__(self, why: str) -> None:
        super().__init__(
            self.CODE,
            _("The time-stamp server gave no usable stamp. The document was not made without one."),
            details={"why": why},
        )
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


class RevocationUnknown(DocumentError):
    """The authority's server did not say whether the signer's certificate is revoked. The document waits."""

    CODE = "DOC-REVOCATION"
    pause = 30

    def __init__(self, why: str) -> None:
        super().__init__(
            self.CODE,
            _("The authority of the signing certificate did not say whether it is revoked. The document was not made."),
            details={"why": why},
        )
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


class UnfaithfulDocument(DocumentError):
    """The renderer made something that the rules of this package forbid (a foreign font, a second data file…)."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "DOC-RENDER",
            _("The document came out differently from what its rules demand. It was not kept."),
            details={"why": why},
        )
        self.why = why

    def __str__(self) -> str:
        return f"{self.code}: {self.why}"


#: Reasons that may pass with nobody touching the certificate: a key is replaced, a server answers again.
HEALING_CODES = (NoSigningKey.CODE, TimeStampMissing.CODE, RevocationUnknown.CODE)
