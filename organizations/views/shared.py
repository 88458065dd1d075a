"""What the views of this floor share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db import models, transaction
from django.forms import BaseForm
from django.http import HttpRequest

from core.errors import DomainError

T = TypeVar("T")
_PAGES = {403, 404}


def attempt(form: BaseForm, act: Callable[[], T], *, show: frozenset[str] = frozenset()) -> T | None:
    """Do ``act``; a refusal is shown at its field of ``form`` and undoes only the act. None then.

    Refusals that are a page of their own (403, 404) go on, except the codes in ``show``.
    """
    try:
        with transaction.atomic():
            return act()
    except DomainError as error:
        if error.status in _PAGES and error.code not in show:
            raise
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return None


def page_of(request: HttpRequest, rows: models.QuerySet[Any], size: int = 50) -> Page[Any]:
    """The page of ``rows`` that the address asks for; the nearest one where it asks for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
