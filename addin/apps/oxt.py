"""The extension for LibreOffice: packing it, and putting it into the user's profile and taking it out again."""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape

from addin.pane.buttons import BUTTONS, PRESS_WORDS
from addin.problems import Stop
from validators.findings import SEVERITY_NAMES, SEVERITY_SYMBOLS, Json, Severity

ID = "cn.qingdan.addin"
_FILE = "qingdan.oxt"
PARTS = (
    "META-INF/manifest.xml", "description.xml", "component.py", "deck.png", "CalcWindowState.xcu", "Factories.xcu",
    "ProtocolHandler.xcu", "Sidebar.xcu",
)  # fmt: skip
EARS = "pythonpath/qingdan_ears.py"
"""Where the extension imports `addin.apps.libreoffice.ears` from: LibreOffice looks for modules there."""
MADE_AT = (1980, 1, 1, 0, 0, 0)
"""Time of every file: the same input gives the same extension."""
CALC = "com.sun.star.sheet.SpreadsheetDocument"


def command() -> list[str]:
    """How the extension starts the program: by its place, whatever the search path of LibreOffice is."""
    return [sys.executable, "-P", "-m", "addin.apps.program"]


def packed(program: Sequence[str]) -> bytes:
    """The extension as a file (.oxt), which starts the program with these words and the name of a pipe."""
    known = {
        "program": list(program),
        "buttons": {one.id: asdict(one) for one in BUTTONS},
        "words": PRESS_WORDS,
        "severities": [
            {
                "id": one.name,
                "name": SEVERITY_NAMES[one],
                "symbol": SEVERITY_SYMBOLS[one],
                "stops": one >= Severity.ERROR,
            }
            for one in sorted(Severity, reverse=True)
        ],
    }
    room = files("addin.apps.libreoffice")
    contents = {name: room.joinpath("extension", *name.split("/")).read_bytes() for name in PARTS}
    contents[EARS] = room.joinpath("ears.py").read_bytes()
    contents["Addons.xcu"] = _addons().encode()
    contents["known.json"] = json.dumps(known, ensure_ascii=False).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(zipfile.ZipInfo(name, MADE_AT), content)
    return made.getvalue()


def _addons() -> str:
    """The menu and the toolbar, of the declared buttons."""
    items = "".join(_item(number, one.id, f"{one.label}(~{one.key})") for number, one in enumerate(BUTTONS))
    tools = "".join(_item(number, one.id, one.label) for number, one in enumerate(BUTTONS))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<oor:component-data oor:name="Addons" oor:package="org.openoffice.Office" xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<node oor:name="AddonUI">
<node oor:name="OfficeMenuBar"><node oor:name="{ID}.menu" oor:op="replace">
{_title("清单(~Q)")}<prop oor:name="Context"><value>{CALC}</value></prop>
<node oor:name="Submenu">{items}</node></node></node>
<node oor:name="OfficeToolBar"><node oor:name="{ID}.toolbar" oor:op="replace">{tools}</node></node>
</node></oor:component-data>
"""


def _item(number: int, id_: str, title: str) -> str:
    values = {"URL": f"{ID}:{id_}", "Target": "_self", "Context": CALC}
    props = "".join(f'<prop oor:name="{name}"><value>{value}</value></prop>' for name, value in values.items())
    return f'<node oor:name="m{number}" oor:op="replace">{props}{_title(title)}</node>'


def _title(text: str) -> str:
    values = "".join(f'<value xml:lang="{language}">{escape(text)}</value>' for language in ("en-US", "zh-CN"))
    return f'<prop oor:name="Title">{values}</prop>'


def install() -> None:
    """Put the extension into the user's LibreOffice, in place of an older one. Raises `Stop`."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / _FILE
        made.write_bytes(packed(command()))
        try:
            _unopkg("add", "-f", "-s", str(made))
        except Stop:
            remove()  # else half of it would pass for installed
            raise


def remove() -> None:
    """Take it out again, without leaving anything of it. Raises `Stop`."""
    if installed():
        _unopkg("remove", ID)
    for copy in [*_profile().rglob(_FILE)]:  # what LibreOffice's tool leaves lying
        shutil.rmtree(copy.parent, ignore_errors=True)


def installed() -> bool:
    """Whether the user's LibreOffice has it."""
    try:
        return ID.encode() in (_profile() / "uno_packages/cache/uno_packages.pmap").read_bytes()
    except OSError:
        return False


def state() -> Json:
    """Whether it is installed, what it starts, and what is wrong with that ('' where nothing is)."""
    if not installed():
        return {"installed": False, "program": None, "problem": ""}
    known = next(iter(_profile_files("known.json")), None)
    if known is None:
        return {"installed": True, "program": None, "problem": "扩展的文件不全"}
    program = json.loads(known.read_text(encoding="utf-8"))["program"]
    if program != command():
        gone = not Path(program[0]).exists()
        return {
            "installed": True,
            "program": program[0],
            "problem": "它要启动的程序已不在了" if gone else "它启动的是另一处安装的程序",
        }
    if any(
        path.read_bytes() != files("addin.apps.libreoffice").joinpath("extension", "component.py").read_bytes()
        for path in _profile_files("component.py")
    ):
        return {"installed": True, "program": program[0], "problem": "扩展是旧版"}
    return {"installed": True, "program": program[0], "problem": ""}


def _profile_files(name: str) -> list[Path]:
    """Files of the installed extension."""
    return sorted(_profile().glob(f"uno_packages/cache/uno_packages/*/{_FILE}/{name}"))


def _profile() -> Path:
    """Where LibreOffice keeps what belongs to the user."""
    if sys.platform == "win32":
        return Path(os.environ["APPDATA"]) / "LibreOffice/4/user"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "libreoffice/4/user"


def _unopkg(*arguments: str) -> None:
    if sys.platform == "win32":  # the Python of LibreOffice there is another one, which ours cannot reach it through
        raise Stop("Windows 上的 LibreOffice 里还装不了。请从“开始”菜单打开清单助手，或在 Excel、WPS 里使用。")
    program = shutil.which("unopkg")
    if program is None:
        raise Stop(
            "没有找到 LibreOffice（unopkg 命令）。请安装它（Debian：apt-get install libreoffice-calc python3-uno）。"
        )
    # LibreOffice's Python looks for its library beside the first `python3` of the path, which may be another one
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(  # noqa: S603 - LibreOffice's own tool, with our own arguments
        [program, *arguments],
        env={**environment, "LC_ALL": "C.UTF-8", "PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if "lock file" in done.stderr:
        raise Stop(
            "LibreOffice 正开着，或上次没有正常退出。请关闭全部 LibreOffice 窗口再试；没有窗口的，请打开它再正常退出一次。"
        )
    if "run unopkg as root" in done.stderr + done.stdout:
        raise Stop("LibreOffice 不让管理员（root）安装扩展。请用平时使用 LibreOffice 的用户执行这个命令。")
    if done.returncode:
        raise Stop("LibreOffice 没有接受这个扩展。请重新打开、再退出 LibreOffice 后再试。")
