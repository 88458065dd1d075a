"""Fields of the store's own."""

import json
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _AnswerBase = models.TextField[dict[str, object], dict[str, object]]
else:
    _AnswerBase = models.TextField


class AnswerField(_AnswerBase):
    """An answer kept as the text that was sent, so that a repeat is the same to the byte; jsonb would sort its keys."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Any:
        """The answer as a dictionary, its keys in their order."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> Any:
        """The answer as text."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def value_to_string(self, obj: Any) -> str:
        """For serialized dumps."""
        return str(self.get_prep_value(self.value_from_object(obj)))
