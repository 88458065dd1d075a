"""Fields that the API of every floor shares: kilograms and quantities never pass through a float."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "string", "format": "decimal", "example": "19250.000"})
class ExactDecimal(serializers.DecimalField):
    """A decimal written as text or as a whole number; a JSON fraction has passed through a float and is refused."""

    default_error_messages = {"float": 'Write the number as text, such as "19250.5".'}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, float):
            self.fail("float")
        return super().to_internal_value(data)


def kilograms(**kwargs: Any) -> ExactDecimal:
    """Kilograms to a gram."""
    return ExactDecimal(max_digits=14, decimal_places=3, **kwargs)


def exact_quantity(**kwargs: Any) -> ExactDecimal:
    """A quantity as it was entered, in the unit beside it."""
    return ExactDecimal(max_digits=18, decimal_places=6, **kwargs)


def validated(kind: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """``data`` as ``kind`` reads it. Raises DRF's ``ValidationError`` with every field that is wrong."""
    given = kind(data=data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
