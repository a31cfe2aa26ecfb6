"""The program behind the ribbon of Excel and WPS: one for each user, without a window of its own.

The first press in any application starts it, and it ends when the last one has left. It listens before it loads what
it needs for anything else, so that a press is taken at once.
"""

import queue
import sys
import threading

import win32event

from addin.apps.excel.pipe import PipeTaken, Ribbon, ribbons

FIRST = 60.0
"""Seconds within which an application has to come."""
GRACE = 5.0
"""Seconds that the program stays after the last one has left."""


def run() -> int:
    """Serve every application that comes; returns the exit code."""
    ended = win32event.CreateEvent(None, True, False, None)
    here: set[threading.Thread] = set()
    changed = threading.Condition()

    def serve(ribbon: Ribbon) -> None:
        try:
            _serve(ribbon)
        finally:
            with changed:
                here.discard(threading.current_thread())
                changed.notify_all()

    def until_left() -> None:
        with changed:
            changed.wait_for(lambda: here, FIRST)
            while here:
                changed.wait_for(lambda: not here)
                changed.wait_for(lambda: here, GRACE)
        win32event.SetEvent(ended)

    threading.Thread(target=until_left, daemon=True).start()
    try:
        for ribbon in ribbons(ended):
            thread = threading.Thread(target=serve, args=(ribbon,))
            with changed:
                here.add(thread)
                changed.notify_all()
            thread.start()
    except PipeTaken:  # by one that was started at the same moment
        return 0
    return 0


def _serve(ribbon: Ribbon) -> None:
    """Take what is pressed in one application until it leaves, and have it done."""
    pressed: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def work() -> None:
        from addin.apps.excel.presses import RibbonButtons

        RibbonButtons(ribbon).serve(pressed)

    worker = threading.Thread(target=work)
    worker.start()
    for line in ribbon.lines():
        pressed.put(line)
        ribbon.say("taken")
    pressed.put(None)
    worker.join()
    ribbon.close()


if __name__ == "__main__":
    sys.exit(run())
