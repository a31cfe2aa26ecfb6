"""The pipe at which the program listens for the ribbon of each Excel or WPS; nobody but this user can reach it."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pywintypes
import win32api
import win32con
import win32event
import win32file
import win32pipe
import win32process
import win32security
import win32ts

from addin.apps.excel.registration import RIBBON_PIPE

FIRST_ONLY, REJECT_REMOTE = 0x00080000, 0x00000008
"""FILE_FLAG_FIRST_PIPE_INSTANCE, PIPE_REJECT_REMOTE_CLIENTS."""
AT_ONCE = 255
_LONGEST = 8192
"""Bytes of a line; who says more without an end is not listened to any longer."""


class PipeTaken(Exception):
    """Another program of this user listens there already."""


class Ribbon:
    """One application at the other end."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - pywin32 has no types
        self._pipe = pipe
        self._lock = threading.Lock()

    def lines(self) -> Iterator[bytes]:
        """What it says, line by line, until it leaves or says more than is meant."""
        rest, buffer = b"", win32file.AllocateReadBuffer(_LONGEST)
        with suppress(pywintypes.error):
            while len(rest) <= _LONGEST:
                count = self._done(lambda done: win32file.ReadFile(self._pipe, buffer, done))
                *whole, rest = (rest + bytes(buffer[:count])).split(b"\n")
                yield from whole

    def say(self, words: str) -> None:
        """Say a line; nothing happens where it has left."""
        with self._lock, suppress(pywintypes.error):
            self._done(lambda done: win32file.WriteFile(self._pipe, words.encode() + b"\n", done))

    def close(self) -> None:
        """Let it go."""
        with suppress(pywintypes.error):
            win32pipe.DisconnectNamedPipe(self._pipe)
            win32file.CloseHandle(self._pipe)

    def _done(self, begin: Any) -> int:  # noqa: ANN401 - pywin32 has no types
        """How many bytes came or went; reading and writing do not wait for each other."""
        overlapped = _overlapped()
        begin(overlapped)
        win32event.WaitForSingleObject(overlapped.hEvent, win32event.INFINITE)
        return int(win32file.GetOverlappedResult(self._pipe, overlapped, True))


def ribbons(ended: Any) -> Iterator[Ribbon]:  # noqa: ANN401 - an event of Windows
    """Every application that comes, until the event is set. Raises `PipeTaken`."""
    session = win32ts.ProcessIdToSessionId(win32process.GetCurrentProcessId())
    name = RIBBON_PIPE.format(session=session, user=win32api.GetUserName())
    mode = win32pipe.PIPE_ACCESS_DUPLEX | win32con.FILE_FLAG_OVERLAPPED
    first = FIRST_ONLY
    while True:
        try:
            pipe = win32pipe.CreateNamedPipe(
                name, mode | first, win32pipe.PIPE_TYPE_BYTE | REJECT_REMOTE, AT_ONCE, _LONGEST, _LONGEST, 0, _only_us()
            )
        except pywintypes.error as error:
            raise PipeTaken from error
        first = 0
        overlapped = _overlapped()
        try:
            waits = win32pipe.ConnectNamedPipe(pipe, overlapped)
        except pywintypes.error:  # it has come and left again
            win32file.CloseHandle(pipe)
            continue
        if waits and win32event.WaitForMultipleObjects([ended, overlapped.hEvent], False, win32event.INFINITE) == 0:
            win32file.CloseHandle(pipe)
            return
        yield Ribbon(pipe)


def _overlapped() -> Any:  # noqa: ANN401 - pywin32 has no types
    overlapped = pywintypes.OVERLAPPED()
    overlapped.hEvent = win32event.CreateEvent(None, True, False, None)
    return overlapped


def _only_us() -> Any:  # noqa: ANN401 - pywin32 has no types
    """Leave for this user, and for nobody else."""
    token = win32security.OpenProcessToken(win32api.GetCurrentProcess(), win32con.TOKEN_QUERY)
    user, _ = win32security.GetTokenInformation(token, win32security.TokenUser)
    allowed = win32security.ACL()
    allowed.AddAccessAllowedAce(win32security.ACL_REVISION, win32con.GENERIC_ALL, user)
    described = win32security.SECURITY_DESCRIPTOR()
    described.SetSecurityDescriptorDacl(True, allowed, False)
    attributes = win32security.SECURITY_ATTRIBUTES()
    attributes.SECURITY_DESCRIPTOR = described
    return attributes
