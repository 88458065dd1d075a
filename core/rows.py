"""Whole rows without the query builder: for the few acts where dozens of small queries were most of the work.

The same statements as the ORM's, under the same row policies; the text of each is built once a process from the model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@lru_cache(maxsize=64)
def _given(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """The columns whose values come from us; the others get PostgreSQL's own default."""
    return tuple(field for field in _fields(model) if field.db_default is models.NOT_PROVIDED)


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
    columns = ", ".join(f'"{field.column}"' for field in _given(model))
    marks = ", ".join(["%s"] * len(_given(model)))
    head = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES '  # noqa: S608 - names of our own model
    return head, f"({marks})"


_waiting: ContextVar[list[models.Model] | None] = ContextVar("portal_rows", default=None)


def insert(*rows: models.Model) -> None:
    """Write new rows in one statement; within :func:`together` they wait for its end."""
    waiting = _waiting.get()
    if waiting is not None:
        waiting.extend(rows)
    else:
        _write(rows)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """The rows inserted within are written at its end, in one statement; none is if it ends with an error.

    To be opened within the transaction that an error rolls back. What is inserted within cannot be read before its end.
    """
    waiting: list[models.Model] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    _write(waiting)


def _write(rows: Sequence[models.Model]) -> None:
    by_model: dict[type[models.Model], list[models.Model]] = {}
    for row in rows:
        by_model.setdefault(type(row), []).append(row)
    if not by_model:
        return
    parts, values = [], []
    for model, same in by_model.items():
        head, marks = _insert_sql(model)
        parts.append(head + ", ".join([marks] * len(same)))
        values += [_stored(field, field.pre_save(row, True)) for row in same for field in _given(model)]
    # each table's rows in a WITH of their own; foreign keys are looked at when the transaction ends
    *before, last = parts
    withs = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(before))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {withs} {last}" if withs else last, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_first(row: models.Model) -> bool:
    """Write a new row, unless one that it would collide with is there: False then, and nothing is written."""
    head, marks = _insert_sql(type(row))
    values = [_stored(field, field.pre_save(row, True)) for field in _given(type(row))]
    with connection.cursor() as cursor:
        cursor.execute(f"{head}{marks} ON CONFLICT DO NOTHING", values)
        if cursor.rowcount != 1:
            return False
    row._state.adding, row._state.db = False, connection.alias
    return True


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
