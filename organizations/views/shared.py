"""What the views of this floor share."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db import models
from django.http import HttpRequest


def page_of(request: HttpRequest, rows: models.QuerySet[Any], size: int = 50) -> Page[Any]:
    """The page of ``rows`` that the address asks for; the nearest one where it asks for nonsense."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
