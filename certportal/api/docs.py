"""The API's documentation as a page of the portal: the OpenAPI document in words, without JavaScript or another origin."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every route by its subject, then every object that goes in or out."""
    return render(request, "api/docs.html", contents(get_language() or "en"))


@lru_cache(maxsize=4)
def contents(language: str) -> dict[str, Any]:
    """What the page shows; made once a process and ``language`` (choices are named in it)."""
    schema: Schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    subjects: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                route = _route(method, path, methods[method])
                subjects.setdefault(methods[method]["tags"][0], []).append(route)
    named = schema["components"]["schemas"]
    objects = [_object(name, one) for name, one in sorted(named.items()) if name != "BlankEnum"]
    return {
        "subjects": [
            {"name": name.replace("-", " ").replace("pvf", "PVF"), "routes": routes}
            for name, routes in subjects.items()
        ],
        "objects": objects,
        "version": schema["info"]["version"],
    }


def _route(method: str, path: str, one: Schema) -> dict[str, Any]:
    body = one.get("requestBody", {}).get("content", {})
    return {
        "id": one["operationId"],
        "method": method.upper(),
        "path": path,
        "text": _marked(one.get("description", "")),
        "parameters": [
            {
                "name": entry["name"],
                "required": entry.get("required", False),
                "place": entry["in"],
                "type": _type(entry["schema"]),
                "text": _marked(entry.get("description", "")),
            }
            for entry in one.get("parameters", [])
        ],
        "body": _type(next(iter(body.values()))["schema"]) if body else None,
        "answers": [{"status": status, "type": _answer(answer)} for status, answer in one["responses"].items()],
    }


def _answer(answer: Schema) -> dict[str, Any] | None:
    content = list(answer.get("content", {}).values())
    return _type(content[0]["schema"]) if content else None


def _object(name: str, one: Schema) -> dict[str, Any]:
    required = set(one.get("required", ()))
    return {
        "name": name,
        "text": "" if "enum" in one else _marked(one.get("description", "")),
        "choices": _choices(one) if "enum" in one else [],
        "fields": [
            {"name": field, "required": field in required, "type": _type(kind), "text": _text_of(kind)}
            for field, kind in one.get("properties", {}).items()
        ],
    }


def _text_of(kind: Schema) -> SafeString:
    longest = f"At most {kind['maxLength']} characters." if "maxLength" in kind else ""
    return _marked(f"{kind.get('description', '')} {longest}".strip())


def _choices(one: Schema) -> list[dict[str, str]]:
    """Codes with their words, which drf-spectacular writes into the description: "* `code` - words"."""
    words = dict(
        line.removeprefix("* `").split("` - ", maxsplit=1)
        for line in one.get("description", "").splitlines()
        if line.startswith("* `") and "` - " in line
    )
    return [{"code": str(code), "text": words.get(str(code), "")} for code in one["enum"]]


def _type(kind: Schema) -> dict[str, Any]:
    """A type as one word, with the object it leads to; ``many`` where it is a list of them."""
    if kind.get("type") == "array":
        return {**_type(kind.get("items", {})), "many": True}
    for entry in [kind, *(kind.get("oneOf") or kind.get("allOf") or kind.get("anyOf") or [])]:
        if "$ref" in entry and not entry["$ref"].endswith("/BlankEnum"):
            return {"name": entry["$ref"].rsplit("/", maxsplit=1)[-1], "leads": True}
    plain = kind.get("type", "object")
    words = [word for word in plain if word != "null"] if isinstance(plain, list) else [plain]
    return {"name": kind.get("format") or " or ".join(words), "leads": False}


def _marked(text: str) -> SafeString:
    """Text with what stands between double backquotes as code."""
    parts = text.split("``")
    shown = (conditional_escape(part) if not number % 2 else f"<code>{conditional_escape(part)}</code>"
             for number, part in enumerate(parts))  # fmt: skip
    return mark_safe("".join(shown))  # noqa: S308 - each part is escaped above
