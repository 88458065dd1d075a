"""Every refusal of the domain with its code: read from the code itself, so that the catalogue cannot fall behind it.

A refusal is a call of one of the classes below :class:`core.errors.DomainError` with its code and its words. Words that
are put together elsewhere than beside the code are left out; the code stands in the catalogue all the same.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible

APPS = ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal")
CLASSES: dict[str, type[DomainError]] = {
    kind.__name__: kind for kind in (InvalidInput, NotPermitted, Conflict, NotVisible)
}
PLURAL = "\0"
_MARKS = frozenset({"_", "gettext", "gettext_lazy", "ngettext"})
HEADS = {
    "en": """# Refusals by code

Made from the code by `python manage.py write_error_catalogue`; a test fails when it is not current.

Each refusal has a code that never changes, and words that say what is wrong and how to mend it. Pages show the words at
the field they are about; the API answers with both, and with the status in the last column: 403 the role does not allow
it, 404 there is no such thing for you, 409 the thing stands in another state than you saw, 422 what was sent cannot be
used. ‹Such marks› stand for a name, number or day of the case.

| Code | What it says | Status |
|---|---|---|
""",
    "es": """# Rechazos por código

Hecho a partir del código fuente con `python manage.py write_error_catalogue`; una prueba falla si no está al día.

Cada rechazo tiene un código que nunca cambia y un texto que dice qué está mal y cómo remediarlo. Las páginas muestran el
texto junto al campo; la API responde con ambos y con el estado de la última columna: 403 el rol no lo permite, 404 no
existe para usted, 409 el asunto está en otro estado que el que usted vio, 422 lo enviado no se puede usar. ‹Estas marcas›
representan un nombre, número o día del caso.

| Código | Qué dice | Estado |
|---|---|---|
""",
}
PAGES = {"en": "docs/errors.md", "es": "docs/es/errors.md"}


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Refusal:
    """One code with one wording (English, the message's id; empty where it is made elsewhere) and its HTTP status."""

    code: str
    words: str
    status: int


def refusals() -> list[Refusal]:
    """Every refusal of the portal's own code, by code."""
    found = {one for app in APPS for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")) for one in _of(path)}
    worded = {one.code for one in found if one.words}
    return sorted(one for one in found if one.words or one.code not in worded)


def page(language: str) -> str:
    """The whole catalogue in one language."""
    with translation.override(language):
        lines = [f"| `{one.code}` | {shown(one.words)} | {one.status} |" for one in refusals()]
    return HEADS[language] + "\n".join(lines) + "\n"


def shown(words: str) -> str:
    """A wording in the language that is set, its values as marks."""
    one, _sep, many = words.partition(PLURAL)
    text = (ngettext(one, many, 5) if many else gettext(one)) if words else "—"
    parts = text.replace("|", "\\|").split("%(")
    return parts[0].replace("%%", "%") + "".join(_placeholder(part) for part in parts[1:])


def _placeholder(part: str) -> str:
    name, _sep, rest = part.partition(")")
    return f"‹{name.replace('_', ' ')}›{rest[1:]}".replace("%%", "%")


def _of(path: Path) -> Iterator[Refusal]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or len(call.args) < 2:
            continue
        kind = CLASSES.get(call.func.id)
        code = call.args[0]
        if kind is None or not isinstance(code, ast.Constant) or not isinstance(code.value, str):
            continue
        around = [one for one in functions if one.lineno <= call.lineno <= (one.end_lineno or 0)]
        for words in wordings(call.args[1], around[-1] if around else tree, call.lineno) or [""]:
            yield Refusal(code.value, words, kind.status)


def wordings(node: ast.expr, scope: ast.AST, line: int) -> list[str]:
    """The wordings that an expression may have; of a plural both forms, with ``PLURAL`` between them."""
    if isinstance(node, ast.BinOp):
        return wordings(node.left, scope, line)
    if isinstance(node, ast.IfExp):
        return wordings(node.body, scope, line) + wordings(node.orelse, scope, line)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKS:
        forms = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        return [PLURAL.join(forms)] if forms else []
    if isinstance(node, ast.Name):
        given = [
            one for one in ast.walk(scope)
            if isinstance(one, ast.Assign) and one.lineno <= line
            and any(isinstance(target, ast.Name) and target.id == node.id for target in one.targets)
        ]  # fmt: skip
        return wordings(max(given, key=lambda one: one.lineno).value, scope, line) if given else []
    return []
