"""The program behind the buttons inside an application: it judges and runs the jobs, and has no window of its own.

The application's own part (the extension) starts it and reads one line of JSON: the address at which it is to be asked.
It ends when its standard input does, so it never outlives the application, however that ends.
"""

import json
import sys
from collections.abc import Callable
from threading import Thread
from typing import Any

from addin.live.host import Host
from addin.live.session import Session
from addin.pane.server import Pane

CONNECT = 10.0
"""Seconds within which the application that started the program has to answer."""


def run(pipe: str) -> int:
    """Serve the LibreOffice that listens at this pipe until standard input ends; returns the exit code."""
    session = Session(_libreoffice(pipe))
    pane = Pane(session, None, inside=True)

    def work() -> None:
        try:
            session.run()
        finally:
            pane.close()

    def until_orphaned() -> None:
        sys.stdin.buffer.read()
        session.stop()
        pane.close()

    for task in (work, until_orphaned):
        Thread(target=task, daemon=True).start()
    sys.stdout.write(json.dumps({"address": pane.address}) + "\n")
    sys.stdout.flush()
    pane.run()
    return 0


def _libreoffice(pipe: str) -> Callable[[], Host[Any] | None]:
    from addin.apps.libreoffice.instance import Office, load_uno

    load_uno()
    from addin.apps.libreoffice_host import LibreOffice

    def connect() -> Host[Any] | None:
        # not `Office.attach`: it would start a LibreOffice where the one that started us has just ended
        office = Office(pipe)
        return LibreOffice(office) if office.connect(CONNECT, fail=False) else None

    return connect


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
