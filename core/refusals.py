"""How a page shows what the domain refused: at the field that it is about, everything typed kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import transaction
from django.forms import BaseForm

from core.errors import DomainError

T = TypeVar("T")
#: Refusals that are a page of their own: no right to it, not there.
_PAGES = {403, 404}


def at_field(form: BaseForm, error: DomainError) -> None:
    """Put the refusal at its field of ``form``, or above the form where it has no such field."""
    form.add_error(error.field if error.field in form.fields else None, str(error.message))


def let_pages_pass(error: DomainError, *, show: frozenset[str] = frozenset()) -> None:
    """Raise ``error`` again where it is a page of its own, except for the codes in ``show``."""
    if error.status in _PAGES and error.code not in show:
        raise error


def refuse(form: BaseForm, error: DomainError, *, show: frozenset[str] = frozenset()) -> None:
    """`at_field`, after `let_pages_pass`."""
    let_pages_pass(error, show=show)
    at_field(form, error)


def attempt(form: BaseForm, act: Callable[[], T], *, show: frozenset[str] = frozenset()) -> T | None:
    """Do ``act``; a refusal undoes only the act and is shown by `refuse`. None then."""
    try:
        with transaction.atomic():
            return act()
    except DomainError as error:
        refuse(form, error, show=show)
        return None
