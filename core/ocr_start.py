"""Becomes another program under limits: memory, time, no files written, no network, nobody else's processes touched.

Run as ``python -I ocr_start.py MEMORY SECONDS PROGRAM ARGUMENT…``. It imports nothing of the portal and little of Python,
so that it starts fast. The limits hold in every process that the program starts.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys

#: By machine: its architecture's mark, and the calls that are refused: sockets of every kind, io_uring (a way round them),
#: looking into other processes, signals to them, keys, mounts, and other kernels' programs.
_REFUSED = {
    "x86_64": (0xC000003E, (41, 42, 44, 46, 49, 50, 53, 62, 101, 155, 161, 165, 200, 234, 248, 249, 250, 272, 308, 310, 311,
                            321, 424, 425, 426, 427, 428, 438)),
    "aarch64": (0xC00000B7, (39, 40, 41, 51, 97, 117, 129, 130, 131, 198, 199, 200, 201, 203, 206, 211, 217, 218, 219, 268,
                             270, 271, 280, 424, 425, 426, 427, 428, 438)),
}  # fmt: skip
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_REFUSE, _PASS = 0x00050001, 0x7FFF0000
#: Numbers from here on are the same calls by another name (x32).
_OTHER_NAMES = 0x40000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def without_network() -> bool:
    """Put the filter on this process and all that it becomes. False where the machine or its kernel knows none."""
    known = _REFUSED.get(platform.machine())
    if known is None or not sys.platform.startswith("linux"):
        return False
    architecture, calls = known
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, 0)]
    steps.append((_AT_LEAST, len(calls) + 1, 0, _OTHER_NAMES))
    steps += [(_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _PASS), (_RETURN, 0, 0, _REFUSE)]
    code = b"".join(struct.pack("=HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    kernel = ctypes.CDLL(None, use_errno=True)
    # no new privileges (38), then the filter (22, 2)
    if kernel.prctl(38, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.prctl(22, 2, ctypes.byref(program), 0, 0) == 0)


def main(arguments: list[str]) -> None:
    """Take on the limits, then become the program."""
    memory, seconds, *command = arguments
    for what, most in (
        (resource.RLIMIT_AS, int(memory)), (resource.RLIMIT_CPU, int(seconds)), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 32),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))
    without_network()
    os.execv(command[0], command)  # noqa: S606 - the program's path comes from the portal, not from a document


if __name__ == "__main__":
    main(sys.argv[1:])
