"""Works out a workbook in ONLYOFFICE's engine: `python onlyoffice_engine.py IN OUT`, by the Python that has it.

Prints seconds of CPU time of the calculation.
"""

import os
import sys
import time

import docbuilder  # type: ignore[import-not-found] # of another venv

source, target = sys.argv[1:3]
builder = docbuilder.CDocBuilder()
builder.OpenFile(source, "")
start = time.process_time()
builder.ExecuteCommand("Api.Calculate();")
print(time.process_time() - start)
builder.SaveFile("xlsx", target)
sys.stdout.flush()
os._exit(0)  # it crashes at Python's end
