"""Assembles ``scripts/verify_certificate.py`` from the portal's own modules, for people who do not run the portal.

``python -m certificates.document.onefile`` writes it; a test says when it is behind.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

#: In the order in which they need each other.
MODULES = ("datafile", "signers", "proof", "shown", "shown_continuity", "visible", "verify_cli")
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_certificate.py"
_OWN = ("certificates.document", "__future__")
_HEADER = '''#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["pyhanko==0.38.*", "pikepdf==10.*", "pypdf==7.*", "defusedxml"]
# ///
# Assembled from CertPortal's own modules by `python -m certificates.document.onefile`: change those, not this file.
"""Check NOP Import Certificates (PDF) that CertPortal issued, without the portal and without a network.

With uv:   uv run verify_certificate.py --trust certifier.pem certificate.pdf
With pip:  pip install "pyhanko==0.38.*" "pikepdf==10.*" "pypdf==7.*" defusedxml
           python verify_certificate.py --trust certifier.pem certificate.pdf

{codes}
"""

from __future__ import annotations

'''
_END = """

if __name__ == "__main__":
    sys.exit(main())
"""


def assembled() -> str:
    """The text of the script. Raises ``ValueError`` where two modules give a name to different things."""
    sources = {name: Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    names, whole, parts = set[str](), set[str](), dict[str, set[str]]()
    for source in sources.values():
        own = _defined(source)
        if names & own:
            raise ValueError(f"defined twice: {', '.join(sorted(names & own))}")
        names |= own
        _collect_imports(source, whole, parts)
    told = ast.get_docstring(ast.parse(sources["verify_cli"])) or ""
    codes = next(part for part in told.split("\n\n") if part.startswith("Exit codes"))
    bodies = "\n\n".join(f"# --- {name} ---\n\n{_body(source)}" for name, source in sources.items())
    return _HEADER.format(codes=codes) + _imports(whole, parts) + "\n\n" + bodies + _END


def _defined(source: str) -> set[str]:
    found = set[str]()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name))
    return found


def _collect_imports(source: str, whole: set[str], parts: dict[str, set[str]]) -> None:
    """Add what ``source`` imports, but for the portal's own modules, whose text is in the script."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            whole.add(ast.unparse(node))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(_OWN):
            parts.setdefault(node.module, set()).update(ast.unparse(alias) for alias in node.names)


def _imports(whole: set[str], parts: dict[str, set[str]]) -> str:
    """Import lines in the order that the linter wants: Python's own first, names by their kind."""
    sections: dict[bool, list[str]] = {True: [], False: []}
    for line in sorted(whole):
        sections[line.split()[1].split(".")[0] in sys.stdlib_module_names].append(line)
    for module in sorted(parts):
        aliased = sorted(name for name in parts[module] if " as " in name)
        plain = sorted(parts[module] - set(aliased), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        section = sections[module.split(".")[0] in sys.stdlib_module_names]
        section += [f"from {module} import {name}" for name in (*aliased, ", ".join(plain)) if name]
    return "\n\n".join("\n".join(section) for section in sections.values())


def _body(source: str) -> str:
    """``source`` without its docstring and imports."""
    lines, dropped = source.splitlines(), set[int]()
    for position, node in enumerate(ast.parse(source).body):
        documents = position == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if documents or isinstance(node, (ast.Import, ast.ImportFrom)):
            dropped.update(range(node.lineno - 1, node.end_lineno or node.lineno))
    return "\n".join(line for number, line in enumerate(lines) if number not in dropped).strip() + "\n"


if __name__ == "__main__":
    SCRIPT.parent.mkdir(exist_ok=True)
    SCRIPT.write_text(assembled(), encoding="utf-8")
