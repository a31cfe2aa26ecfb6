"""`python -m bench.tree REPORT COMMAND…`: run a command and write what it and all that it started cost.

Helpers that outlive the command are waited for, too, and counted: on Linux they become children of this process.
The report is JSON: CPU seconds (user and system) and the exit code of the command.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def main(report: str, *command: str) -> None:
    """Run the command, and wait for whatever it leaves behind."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl")
    code = subprocess.run(command, check=False).returncode
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    Path(report).write_text(json.dumps([used.ru_utime + used.ru_stime, code]))


if __name__ == "__main__":
    main(*sys.argv[1:])
