"""Whole rows without the query builder: for the few acts where dozens of small queries were most of the work.

The same statements as the ORM's, under the same row policies; the text of each is built once a process from the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@lru_cache(maxsize=64)
def _names(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(str(field.attname) for field in _fields(model))


def from_json(model: type[M], content: Mapping[str, Any] | None) -> M | None:
    """The instance that ``to_jsonb(row)`` describes (numbers read as Decimal); None for none."""
    if content is None:
        return None
    values = [field.to_python(content[_column(field)]) for field in _fields(model)]
    return model.from_db(connection.alias, _names(model), values)


def list_from_json(model: type[M], content: Iterable[Mapping[str, Any]] | None) -> list[M]:
    """The instances that an aggregate of ``to_jsonb(row)`` describes."""
    return [row for row in (from_json(model, item) for item in content or ()) if row is not None]


@lru_cache(maxsize=64)
def _insert_sql(model: type[models.Model]) -> tuple[str, str]:
    columns = ", ".join(f'"{field.column}"' for field in _fields(model))
    marks = ", ".join(["%s"] * len(_fields(model)))
    head = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES '  # noqa: S608 - names of our own model
    return head, f"({marks})"


def insert(*rows: models.Model) -> None:
    """Write new rows, one statement for the rows of each model."""
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    with connection.cursor() as cursor:
        for model, same in by_model.items():
            head, marks = _insert_sql(model)
            values = [_stored(field, field.pre_save(row, True)) for row in same for field in _fields(model)]
            cursor.execute(head + ", ".join([marks] * len(same)), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def update(row: models.Model, names: Sequence[str]) -> None:
    """Write the named fields of a row that is there (as ``save(update_fields=…)`` does). Raises where it is not."""
    meta = row._meta
    fields = [meta.get_field(name) for name in names]
    pairs = ", ".join(f'"{field.column}" = %s' for field in fields)  # type: ignore[union-attr]
    key = _column(meta.pk)
    text = f'UPDATE "{meta.db_table}" SET {pairs} WHERE "{key}" = %s'  # noqa: S608 - names of our own model
    values = [_stored(field, field.pre_save(row, False)) for field in fields]  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(text, [*values, row.pk])
        if cursor.rowcount != 1:
            raise type(row).NotUpdated(f"no row of {meta.db_table} was changed")  # type: ignore[attr-defined]


def _column(field: Any) -> str:
    return str(field.column)


def _stored(field: Any, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)
