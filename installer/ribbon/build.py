"""Builds the part that Excel and WPS load, for 64 and for 32 bit; the same sources give the same files.

Needs mingw-w64. What Python says once (the ribbon, names in the registry, texts) comes in through two made files.
"""

import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

HERE = Path(__file__).parent
KINDS = {"x64": "x86_64-w64-mingw32", "x86": "i686-w64-mingw32"}
"""Folder of each, below that of the add-in, and its compiler."""
FLAGS = (
    "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-municode", "-shared", "-s", "-static-libgcc",
    "-fstack-protector-strong", "-static", "-Wl,--enable-stdcall-fixup,--no-insert-timestamp,--nxcompat,--dynamicbase",
)  # fmt: skip
LIBRARIES = ("-lole32", "-loleaut32", "-luuid", "-ladvapi32", "-luser32")


def build(out: Path) -> None:
    """Make `x64/qingdan.dll` and `x86/qingdan.dll` in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        write_names(made)
        for name, kind in KINDS.items():
            subprocess.run([f"{kind}-windres", "ribbon.rc", "ribbon.o"], cwd=made, check=True)
            sources = [HERE / part for part in ("addin.c", "messages.c", "addin.def")]
            # always from a place of the same name: the linker makes the address of a DLL of the name that it is given
            subprocess.run(
                [f"{kind}-gcc", *FLAGS, "-I.", "-o", "qingdan.dll", *sources, "ribbon.o", *LIBRARIES],
                cwd=made,
                check=True,
            )
            (out / name).mkdir(parents=True)
            shutil.move(made / "qingdan.dll", out / name)


def write_names(folder: Path) -> None:
    """Write the header and the resource: what stands in Python, for C."""
    from addin.apps.excel import registration, ribbon

    first, second, third, *rest = _fields(registration.CLSID)
    guid = ", ".join(f"0x{part:x}" for part in (first, second, third, *rest))
    texts = {
        "PIPE": registration.RIBBON_PIPE.format(session="%lu", user="%s"), "SETTINGS": registration.SETTINGS, "COMMAND": registration.COMMAND,
        "TITLE": registration.ADDIN_TITLE, "NOT_STARTED": ribbon.NOT_STARTED, "NO_ANSWER": ribbon.NO_ANSWER,
    }  # fmt: skip
    names = [f"#define {name} L{_quoted(text)}\n" for name, text in texts.items()]
    (folder / "names.h").write_text(f"DEFINE_GUID(CLSID_Qingdan, {guid});\n{''.join(names)}", encoding="utf-8")
    (folder / "ribbon.xml").write_text(ribbon.ribbon(), encoding="utf-8")
    (folder / "ribbon.rc").write_text('RIBBON RCDATA "ribbon.xml"\n', encoding="ascii")


def _fields(clsid: str) -> list[int]:
    """The eleven numbers of a GUID."""
    found = uuid.UUID(clsid)
    return [found.time_low, found.time_mid, found.time_hi_version, *found.bytes[8:]]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    build(Path(sys.argv[1]))
