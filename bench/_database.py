"""A database for a bench: cloned from the tests' template, thrown away afterwards; Django's connection moved to it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import django
import psycopg
from django.db import connection
from psycopg import sql

from tests.support import databases

# benches import this module first of all of ours: models can be imported after it
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
django.setup()


def fresh_name(mark: str) -> str:
    """A name nobody else uses."""
    return f"{databases.PREFIX}bench_{mark}_{os.getpid()}_{secrets.token_hex(3)}"


def clone_of(source: str, mark: str) -> str:
    """A copy of a database that nobody is connected to."""
    name = fresh_name(mark)
    with psycopg.connect(databases.owner_url(), autocommit=True, connect_timeout=10) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source)))
    return name


@contextmanager
def django_on(name: str) -> Iterator[None]:
    """Django's default connection, as the restricted role, on database ``name``."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def owner_on(name: str) -> psycopg.Connection:
    """The owner's connection to database ``name``."""
    return psycopg.connect(databases.on_database(databases.owner_url(), name), connect_timeout=10)
