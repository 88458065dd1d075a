"""Rules about source text that no linter knows: each is a small function over one parsed file.

A rule answers with the lines that break it. ``tests/test_source_rules.py`` plants a fault for every rule and walks the tree.
Where a rule is broken for a reason, the place is listed there with the reason.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable, Iterator

HTTP_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
SQL_CALLS = {"execute", "executemany", "raw", "RawSQL", "RunSQL"}
SHELL_CALLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}
RESPONSES = {"HttpResponse", "HttpResponseBadRequest", "HttpResponseForbidden", "HttpResponseNotFound"}
REDIRECTS = {"redirect", "HttpResponseRedirect", "HttpResponsePermanentRedirect"}
UNTRUSTED = {"GET", "POST", "META", "COOKIES", "headers", "body", "path", "query_params", "data"}
QUANTITY = re.compile(r"(^|_)(kg|kilograms?|quantity|net|gross|weight|rest|volume)(_|$)")
FORCED = re.compile(r"\b(NO\s+)?FORCE\s+ROW\s+LEVEL|\bDISABLE\s+ROW\s+LEVEL", re.IGNORECASE)
SESSION_SET = re.compile(
    r"(?:^|;)\s*SET\s+(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b)(?:SESSION\s+)?[a-z_.]+\s*(?:=|\bTO\b)|\bSET\s+ROLE\b"
    r"|set_config\s*\([^()]*,\s*(?:false|'f'|'off')\s*\)",
    re.IGNORECASE,
)
UNSAFE_TEMPLATE = re.compile(r"\|\s*(?:safe|safeseq)\b|\{%-?\s*autoescape\s+off")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule of Python files: its name, why it is there, and what finds the nodes that break it."""

    name: str
    why: str
    broken: Callable[[ast.AST], bool]


def _name(node: ast.AST) -> str:
    """The last name of what is called or read: ``b`` of ``a.b``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _owner(node: ast.AST) -> str:
    """The name before the last dot: ``a`` of ``a.b``."""
    return _name(node.value) if isinstance(node, ast.Attribute) else ""


def _call(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in names


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((given.value for given in node.keywords if given.arg == name), None)


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _composed(node: ast.AST) -> bool:
    """Whether a text is put together from values: f-string with a field, ``%``, ``+`` or ``format``."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        return True
    formats = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
    # psycopg's SQL("…").format() quotes what it is given
    return formats and not _call(node.func.value, "SQL")


def _of_request(node: ast.AST) -> bool:
    """Whether an expression reads what a caller sent: ``request.GET`` and its like, at any depth."""
    return any(
        isinstance(part, ast.Attribute) and part.attr in UNTRUSTED and _name(part.value) == "request"
        for part in ast.walk(node)
    )


def bare_delay(node: ast.AST) -> bool:
    """A task sent outright."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _name(node.func) in {
        "delay", "apply_async", "send_task", "delay_on_commit",
    }  # fmt: skip


def call_without_limit(node: ast.AST) -> bool:
    """A call over the network that may wait for ever."""
    if not isinstance(node, ast.Call):
        return False
    name, owner = _name(node.func), _owner(node.func)
    http = owner in {"requests", "httpx"} and name in HTTP_VERBS
    session = name == "request" and "session" in owner.lower()
    other = (
        name == "urlopen"
        or (owner == "socket" and name == "create_connection")
        or (owner == "smtplib" and name in {"SMTP", "SMTP_SSL"})
    )
    limit = _keyword(node, "timeout")
    endless = limit is None or (isinstance(limit, ast.Constant) and limit.value is None)
    return (http or session or other) and endless and not any(given.arg is None for given in node.keywords)


def float_quantity(node: ast.AST) -> bool:
    """A float field, or a float made of or kept as a quantity."""
    if _call(node, "FloatField"):
        return True
    if _call(node, "float") and isinstance(node, ast.Call):
        names = {_name(part) for argument in node.args for part in ast.walk(argument)}
        return any(QUANTITY.search(name) for name in names)
    if isinstance(node, ast.AnnAssign):
        return _name(node.annotation) == "float" and bool(QUANTITY.search(_name(node.target)))
    if isinstance(node, ast.arg):
        return node.annotation is not None and _name(node.annotation) == "float" and bool(QUANTITY.search(node.arg))
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, float):
        return any(QUANTITY.search(_name(target)) for target in node.targets)
    return False


def weak_random(node: ast.AST) -> bool:
    """The module ``random``, whose numbers can be foretold."""
    if isinstance(node, ast.Import):
        return any(alias.name in {"random", "numpy.random"} for alias in node.names)
    return isinstance(node, ast.ImportFrom) and node.module in {"random", "numpy.random"}


def forced_row_security(node: ast.AST) -> bool:
    """SQL that forces row security on the owner, or switches it off."""
    return bool(FORCED.search(_text(node)))


def session_setting(node: ast.AST) -> bool:
    """SQL that sets something beyond its transaction."""
    return bool(SESSION_SET.search(_text(node)))


def trusted_markup(node: ast.AST) -> bool:
    """Text declared to be safe markup without being escaped."""
    return _call(node, "mark_safe", "SafeString", "SafeText") or _name(node) == "__html__"


def no_csrf(node: ast.AST) -> bool:
    """A view exempt from the check of the form token."""
    return (isinstance(node, (ast.Name, ast.Attribute)) and _name(node) == "csrf_exempt") or (
        isinstance(node, ast.ImportFrom) and any(alias.name == "csrf_exempt" for alias in node.names)
    )


def composed_sql(node: ast.AST) -> bool:
    """SQL put together from values where parameters belong."""
    if not (isinstance(node, ast.Call) and _call(node, *SQL_CALLS)):
        return False
    statement = node.args[0] if node.args else _keyword(node, "sql")
    return statement is not None and _composed(statement)


def shell(node: ast.AST) -> bool:
    """A command line read by a shell."""
    if not isinstance(node, ast.Call):
        return False
    given = _keyword(node, "shell")
    asked = given is not None and not (isinstance(given, ast.Constant) and given.value is False)
    return asked or (_owner(node.func), _name(node.func)) in SHELL_CALLS


def extra_sql(node: ast.AST) -> bool:
    """``QuerySet.extra``: raw SQL by another name."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "extra"


def open_redirect(node: ast.AST) -> bool:
    """A redirect to an address that the caller gave."""
    return isinstance(node, ast.Call) and _call(node, *REDIRECTS) and any(map(_of_request, node.args))


def markup_by_hand(node: ast.AST) -> bool:
    """HTML answered from a composed text or from what was sent, past the templates and their escaping."""
    if not (isinstance(node, ast.Call) and _call(node, *RESPONSES)):
        return False
    content = node.args[0] if node.args else _keyword(node, "content")
    kind = _keyword(node, "content_type")
    plain = kind is not None and "html" not in (_text(kind) or "html")
    return content is not None and not plain and (_composed(content) or _of_request(content))


def code_from_data(node: ast.AST) -> bool:
    """Data that become code: ``eval``, ``exec``, ``pickle``, ``yaml.load``."""
    if not isinstance(node, ast.Call):
        return False
    name, owner = _name(node.func), _owner(node.func)
    if isinstance(node.func, ast.Name) and name in {"eval", "exec"}:
        return True
    return (owner in {"pickle", "marshal", "shelve"} and name in {"load", "loads", "open"}) or (
        owner == "yaml" and name in {"load", "load_all", "unsafe_load"}
    )


RULES = [
    Rule("bare-delay", "a task sent inside a transaction runs before it, or without it: use core.wake", bare_delay),
    Rule("call-without-limit", "a server that does not answer would hold a worker for ever", call_without_limit),
    Rule("float-quantity", "kilograms are Decimal: a float loses grams", float_quantity),
    Rule("weak-random", "codes and tokens come from secrets", weak_random),
    Rule("forced-row-security", "row security is ENABLEd and never switched off: see core/policy.py", forced_row_security),
    Rule("session-setting", "a setting of the session outlives its transaction and meets the next tenant", session_setting),
    Rule("trusted-markup", "markup is made by templates and format_html, which escape", trusted_markup),
    Rule("no-csrf", "every form carries its token", no_csrf),
    Rule("composed-sql", "values go into SQL as parameters", composed_sql),
    Rule("shell", "programs are started by name and arguments", shell),
    Rule("extra-sql", "extra() is raw SQL without review", extra_sql),
    Rule("open-redirect", "a link of ours must not lead to a stranger's site", open_redirect),
    Rule("markup-by-hand", "a page is rendered by a template", markup_by_hand),
    Rule("code-from-data", "data are parsed, never run", code_from_data),
]  # fmt: skip


def _docstrings(tree: ast.AST) -> set[int]:
    """The ids of the nodes that are docstrings: prose about SQL is no SQL."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None
    }


def faults_in_python(text: str) -> Iterator[tuple[str, int]]:
    """(rule, line) of everything in a Python file that breaks a rule."""
    tree = ast.parse(text)
    prose = _docstrings(tree)
    for node in ast.walk(tree):
        if id(node) not in prose:
            for rule in RULES:
                if rule.broken(node):
                    yield rule.name, getattr(node, "lineno", 1)


def faults_in_template(text: str) -> Iterator[tuple[str, int]]:
    """(rule, line) of unescaped output in a template."""
    for number, line in enumerate(text.splitlines(), start=1):
        if UNSAFE_TEMPLATE.search(line):
            yield "trusted-markup", number


def faults_in_sql(text: str) -> Iterator[tuple[str, int]]:
    """(rule, line) of what an SQL file must not do. ``SET`` in the head of a function binds that function alone."""
    code = re.sub(r"--[^\n]*", "", text)
    for name, pattern in (("forced-row-security", FORCED), ("session-setting", SESSION_SET)):
        for found in pattern.finditer(code):
            yield name, code.count("\n", 0, found.start()) + 1
