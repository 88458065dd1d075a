"""Kilograms in the database."""

from __future__ import annotations

from django.db import models


class KilogramField(models.DecimalField):  # type: ignore[type-arg]
    """Kilograms to a gram: numeric(14,3). Never a float."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 3)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
