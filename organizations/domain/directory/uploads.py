"""Directory files that the platform operator uploads: kept until a worker has read them in."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from core import ids
from core.errors import Conflict, InvalidInput
from core.files import clean_name
from core.identity import Identity, Kind, act_as
from core.uploads import ReceivedFile
from core.wake import wake
from organizations.domain.directory import imports
from organizations.domain.directory.sources import source_of
from organizations.models import DirectoryImport

MAX_BYTES: int = settings.DIRECTORY_MAX_BYTES
FOLDER = "directory"
_ACTOR = Identity(kind=Kind.PLATFORM)


def receive(
    actor: Identity,
    file: IO[bytes],
    name: str,
    *,
    as_of: dt.date | None,
    full: bool | None = None,
    may_shrink: bool = False,
) -> DirectoryImport:
    """Keep an uploaded file and begin its import; a worker does it. ``full`` None: a workbook is, XML is not.

    Raises ``InvalidInput`` FILE-SIZE, FILE-TYPE, DIRECTORY-DAY or DIRECTORY-OLDER, ``Conflict`` DIRECTORY-BUSY.
    """
    imports.require_keeper(actor)
    if isinstance(file, ReceivedFile) and not file.sha256:
        raise _too_large()
    path = default_storage.save(f"{FOLDER}/{ids.new_id()}", File(file))
    try:
        if default_storage.size(path) > MAX_BYTES:
            raise _too_large()
        with _at_hand(path) as here:
            source = source_of(here, clean_name(name))
        day = as_of or source.said_day
        if day is None:
            raise InvalidInput("DIRECTORY-DAY", _("The file's name does not tell the day of the data."), field="as_of")
        row = imports.start(
            actor, source, as_of=day, full=source.is_workbook if full is None else full, may_shrink=may_shrink,
            stored_path=path,
        )  # fmt: skip
    except Exception:
        default_storage.delete(path)
        raise
    if row.stored_path != path:
        # the same file was under way already; what the command line began a worker may end
        if row.stored_path:
            default_storage.delete(path)
        else:
            row.stored_path = path
            row.save(update_fields=["stored_path"])
    wake("directory", None, row.pk)
    return row


def _too_large() -> InvalidInput:
    text = _("The file is larger than %(limit)s MB.") % {"limit": MAX_BYTES // 2**20}
    return InvalidInput("FILE-SIZE", text, field="file")


def go_on() -> DirectoryImport | None:
    """Do what is left of the uploaded import that is under way; None where there is none or another process has it."""
    with act_as(_ACTOR):
        row = _waiting()
    if row is None:
        return None
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(imports.alone())
        except Conflict:
            return None
        with act_as(_ACTOR):
            row = _waiting()
        if row is None:
            return None
        try:
            here = stack.enter_context(_at_hand(row.stored_path))
            try:
                source = source_of(here, row.file_name)
            except FileNotFoundError as error:
                gone = InvalidInput("FILE-GONE", _("The uploaded file is gone. Upload it again."), field="file")
                imports.give_up(_ACTOR, row.pk, gone)
                raise gone from error
            done = imports.run(_ACTOR, row.pk, source)
        except InvalidInput:
            default_storage.delete(row.stored_path)
            raise
    default_storage.delete(row.stored_path)
    return done


def _waiting() -> DirectoryImport | None:
    rows = DirectoryImport.objects.filter(state=DirectoryImport.State.RUNNING)
    return rows.exclude(stored_path="").first()


@contextlib.contextmanager
def _at_hand(path: str) -> Iterator[Path]:
    """A stored file as one of this machine; copied where the storage is another's."""
    try:
        here = Path(default_storage.path(path))
    except NotImplementedError:
        with tempfile.TemporaryDirectory() as folder, default_storage.open(path, "rb") as file:
            copy = Path(folder) / "operations"
            with copy.open("wb") as target:
                shutil.copyfileobj(file, target)
            yield copy
        return
    yield here
