"""A workbook open in ONLYOFFICE's engine, to try things on: `python onlyoffice_desk.py BOOK`, by the Python that has it.

Each line that comes in is JSON, `[steps, out]`: what to do, in the engine's JavaScript, and where to save what that
leaves. Each is done to the workbook as it was opened and worked out, by a copy of this process; what went wrong with the
steps comes back as a line of JSON, `[messages, how the copy ended]`.
"""

import json
import os
import signal
import sys

import docbuilder  # type: ignore[import-not-found] # of another venv

SECONDS = 120
"""As long as one may take."""

builder = docbuilder.CDocBuilder()
builder.OpenFile(sys.argv[1], "")
builder.ExecuteCommand("Api.Calculate();")
print(flush=True)
for line in sys.stdin:
    steps, out = json.loads(line)
    ours, theirs = os.pipe()
    if copy := os.fork():
        os.close(theirs)
        with os.fdopen(ours) as told:
            messages = told.read().splitlines()
        _, ended = os.waitpid(copy, 0)
        print(json.dumps([messages, ended]), flush=True)
    else:
        signal.alarm(SECONDS)
        for step in steps:
            builder.ExecuteCommand(f"var went = ''; try {{ {step} }} catch (e) {{ went = e.message }}")
            if message := builder.GetContext().GetGlobal()["went"].ToString():
                os.write(theirs, f"{step}: {message}\n".encode())
        builder.SaveFile("xlsx", out)
        os._exit(0)
os._exit(0)  # it crashes at Python's end
