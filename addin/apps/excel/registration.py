"""What stands in the registry so that Excel and WPS load the add-in: for this user only, written by the installer or the
command; what the applications have switched off is found and switched on again.

Windows passes over what a user registers for programs that run as administrator: there the ribbon is not seen.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addin.problems import Stop
from validators.findings import Json

SPREADSHEETS = {"excel": "Excel", "wps": "WPS 表格"}
PROGID = "Qingdan.AddIn"
CLSID = "{9E7A5C42-6D0B-4B7E-8C55-2F1A6C3D0E71}"
ADDIN_TITLE = "清单助手"
SETTINGS, COMMAND = r"Software\Qingdan", "AddIn"
"""Key, and value in which the add-in finds how to start the program."""
DLLS = {"": r"ribbon\x64\qingdan.dll", r"Wow6432Node" + "\\": r"ribbon\x86\qingdan.dll"}
"""The add-in for applications of 64 and of 32 bit, below the installed folder, by what the latter see in place of the key."""
ADDIN = rf"Software\Microsoft\Office\Excel\Addins\{PROGID}"
WPS_LIST = r"Software\Kingsoft\Office\ET\AddinsWL"
"""WPS loads what is registered for Excel, if it is listed here."""
_OFFICE = r"Software\Microsoft\Office"
VERSIONS = ("14.0", "15.0", "16.0")
LOADED_AT_START = 3
RIBBON_PIPE = r"\\.\pipe\qingdan-addin-{session}-{user}"
"""Where the program listens, for one user in one session."""


@dataclass(frozen=True, slots=True)
class RegistryValue:
    """One value of HKEY_CURRENT_USER; `{folder}` in it is the installed folder, which ends in a backslash."""

    key: str
    name: str
    value: str | int


def values() -> Iterator[RegistryValue]:
    """All that is written."""
    yield RegistryValue(rf"Software\Classes\{PROGID}", "", ADDIN_TITLE)
    yield RegistryValue(rf"Software\Classes\{PROGID}\CLSID", "", CLSID)
    for seen, dll in DLLS.items():
        own = rf"Software\Classes\{seen}CLSID\{CLSID}"
        yield RegistryValue(own, "", ADDIN_TITLE)
        yield RegistryValue(rf"{own}\ProgID", "", PROGID)
        yield RegistryValue(rf"{own}\InprocServer32", "", "{folder}" + dll)
        yield RegistryValue(rf"{own}\InprocServer32", "ThreadingModel", "Apartment")
    yield RegistryValue(ADDIN, "FriendlyName", ADDIN_TITLE)
    yield RegistryValue(ADDIN, "Description", "校验、边填边查、汇总、退回、导出、审计")
    yield RegistryValue(ADDIN, "LoadBehavior", LOADED_AT_START)
    yield RegistryValue(ADDIN, "CommandLineSafe", 0)
    yield RegistryValue(rf"{_OFFICE}\16.0\Excel\Resiliency\DoNotDisableAddinList", PROGID, 1)
    yield RegistryValue(WPS_LIST, PROGID, "")
    yield RegistryValue(
        SETTINGS, COMMAND, r'"{folder}python\pythonw.exe" -B -X utf8 -m addin.apps.excel.ribbon_program'
    )


def install(application: str) -> None:
    """Write what is needed. Raises `Stop`."""
    folder = _folder()
    for one in values():
        if not (application == "excel" and one.key == WPS_LIST):
            _write(one, folder)


def remove(application: str) -> None:
    """Take it away: of WPS only the leave to load it, which Excel does not need; of Excel all. Raises `Stop`."""
    _folder()
    gone = [one for one in values() if application == "excel" or one.key == WPS_LIST]
    for one in gone:
        _delete(one)
    for key in sorted({one.key for one in gone}, key=len, reverse=True):
        _drop(key)


def state(application: str) -> Json:
    """Whether it is installed, what it starts, and what is wrong with that ('' where nothing is). Raises `Stop`."""
    folder = _folder()
    needed = [one for one in values() if not (application == "excel" and one.key == WPS_LIST)]
    there = _read(ADDIN, "LoadBehavior") is not None and (application == "excel" or _read(WPS_LIST, PROGID) is not None)
    found = "；".join(_wrong(needed, folder)) if there else ""
    return {"installed": there, "program": _read(SETTINGS, COMMAND), "problem": found}


def repair(application: str) -> None:
    """Write everything anew and take the add-in off the lists of what the application switched off. Raises `Stop`."""
    install(application)
    for key, name in _disabled():
        _delete(RegistryValue(key, name, ""))


def _wrong(needed: list[RegistryValue], folder: str) -> Iterator[str]:
    """What is not as it has to be, in words."""
    if not Path(folder + DLLS[""]).is_file():
        yield "加载项的文件不在了，请重新安装清单助手"
        return
    if _read(ADDIN, "LoadBehavior") != LOADED_AT_START:
        yield "表格软件已把它设为不加载"
    if any(_disabled()):
        yield "表格软件把它列入了“禁用项目”"
    functional = [
        one for one in needed if one.name != "LoadBehavior" and str(one.value).isascii()
    ]  # others are only shown
    if any(_read(one.key, one.name) != _meant(one, folder) for one in functional):
        yield "登记不全，或登记的是另一处安装的程序"


def _disabled() -> Iterator[tuple[str, str]]:
    """Entries of lists of what Office switched off that name our file: a number, two lengths, its path and name in UTF-16."""
    for version in VERSIONS:
        for listed in ("DisabledItems", "CrashingAddinList"):
            key = rf"{_OFFICE}\{version}\Excel\Resiliency\{listed}"
            for name, value in _all(key):
                text = value.decode("utf-16-le", "replace") if isinstance(value, bytes) else f"{name} {value}"
                if any(
                    part in text.lower()
                    for part in ("ribbon\\x64\\qingdan.dll", "ribbon\\x86\\qingdan.dll", PROGID.lower())
                ):
                    yield key, name


def _meant(one: RegistryValue, folder: str) -> str | int:
    return one.value.replace("{folder}", folder) if isinstance(one.value, str) else one.value


def _folder() -> str:
    """The folder in which the installer put us. Raises `Stop` on other systems, and where it was not the installer."""
    if sys.platform != "win32":
        raise Stop("Excel 和 WPS 的加载项只能装在 Windows 上。在这台电脑上请用 libreoffice。")
    folder = f"{Path(sys.executable).parents[1]}\\"
    if not Path(folder + DLLS[""]).is_file():
        raise Stop("没有找到加载项的文件。请用安装包 qingdan.msi 安装清单助手，再试。")
    return folder


def _winreg() -> Any:  # noqa: ANN401 - a module that only Windows has
    import winreg

    return winreg


def _read(key: str, name: str) -> str | int | None:
    reg = _winreg()
    try:
        with reg.OpenKey(reg.HKEY_CURRENT_USER, key) as opened:
            found: str | int = reg.QueryValueEx(opened, name)[0]
            return found
    except OSError:
        return None


def _all(key: str) -> list[tuple[str, object]]:
    """Names and values of a key."""
    reg = _winreg()
    try:
        with reg.OpenKey(reg.HKEY_CURRENT_USER, key) as opened:
            return [reg.EnumValue(opened, at)[:2] for at in range(reg.QueryInfoKey(opened)[1])]
    except OSError:
        return []


def _write(one: RegistryValue, folder: str) -> None:
    reg = _winreg()
    with reg.CreateKey(reg.HKEY_CURRENT_USER, one.key) as opened:
        kind = reg.REG_DWORD if isinstance(one.value, int) else reg.REG_SZ
        reg.SetValueEx(opened, one.name, 0, kind, _meant(one, folder))


def _delete(one: RegistryValue) -> None:
    reg = _winreg()
    with suppress(FileNotFoundError), reg.OpenKey(reg.HKEY_CURRENT_USER, one.key, 0, reg.KEY_SET_VALUE) as opened:
        reg.DeleteValue(opened, one.name)


def _drop(key: str) -> None:
    """Delete a key, if nothing is left in it."""
    reg = _winreg()
    with suppress(OSError):
        with reg.OpenKey(reg.HKEY_CURRENT_USER, key) as opened:
            keys, filled, _ = reg.QueryInfoKey(opened)
        if not keys and not filled:
            reg.DeleteKey(reg.HKEY_CURRENT_USER, key)
