"""Every check with its source and what it may say: read from the classes themselves, for the documentation."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from certportal.error_catalogue import shown, wordings
from core.checks import Check, Outcome, registry

SAYS = {
    "failed": Outcome.FAIL, "warned": Outcome.WARN, "passed": Outcome.PASS, "not_applicable": Outcome.NOT_APPLICABLE,
}  # fmt: skip
HEADS = {
    "en": """# The checks

Made from the code by `python manage.py write_error_catalogue`; a test fails when it is not current.

Each request is judged by these checks: as advice whenever a draft is saved, at submit, when a reviewer opens it, and once
more in the moment of approval. A *fail* stops an approval. ‹Such marks› stand for a name, number or day of the case.
""",
    "es": """# Las verificaciones

Hecho a partir del código fuente con `python manage.py write_error_catalogue`; una prueba falla si no está al día.

Cada solicitud se juzga con estas verificaciones: como consejo al guardar un borrador, al enviarla, cuando un revisor la
abre y de nuevo en el momento de la aprobación. Una *falla* impide la aprobación. ‹Estas marcas› representan un nombre,
número o día del caso.
""",
}
PAGES = {"en": "docs/checks.md", "es": "docs/es/checks.md"}


def page(language: str) -> str:
    """The whole page in one language."""
    with translation.override(language):
        checks = sorted(registry.all() + registry.all("shipment"), key=lambda one: one.code)
        return HEADS[language] + "".join(_section(check) for check in checks)


def _section(check: Check) -> str:
    facts = [f"{check.citation}."] if check.citation else []
    facts.append(
        _("A manager may set a failure aside, with a reason and a second person.")
        if check.overridable
        else _("Nobody can set a failure aside.")
    )
    if check.staff_only:
        facts.append(_("Only the certifier’s staff see it."))
    lines = [f"- *{_NAMES[outcome]()}:* {shown(words)}" for outcome, words in said_by(type(check))]
    return f"\n## {check.code}: {check.title}\n\n" + " ".join(facts) + "\n\n" + "\n".join(lines) + "\n"


_NAMES = {
    Outcome.FAIL: lambda: _("Fail"), Outcome.WARN: lambda: _("Warning"), Outcome.PASS: lambda: _("Pass"),
    Outcome.NOT_APPLICABLE: lambda: _("Not applicable"),
}  # fmt: skip


def said_by(kind: type[Check]) -> list[tuple[Outcome, str]]:
    """What a check may say, worst outcome first; wordings that are put together elsewhere are left out."""
    found = dict.fromkeys(_said(kind))
    order = list(SAYS.values())
    return sorted(found, key=lambda pair: order.index(pair[0]))


def _said(kind: type[Check]) -> Iterator[tuple[Outcome, str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    for scope in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for call in ast.walk(scope):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr in SAYS
                and call.args
            ):
                for words in wordings(call.args[0], scope, call.lineno):
                    yield SAYS[call.func.attr], words
