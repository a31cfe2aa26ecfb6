"""Names of files: which are somebody's own and are read, and which may be given to a file here and on Windows."""

import datetime as dt
import re
from pathlib import Path

from validators.text import is_shown

_LONGEST = 200
"""Bytes of a name of an output: a manifest, a signature or a temporary file beside it has a longer one."""
_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
"""Names that Windows keeps for itself."""


_KEPT = re.compile(r"（\d{8}-\d{6} 存）\.[a-z]+$", re.IGNORECASE)


def kept(out: Path) -> Path:
    """Where a file is kept, by when it was last written, before a new one takes its place."""
    at = dt.datetime.fromtimestamp(out.stat().st_mtime)
    return out.with_name(f"{out.stem}（{at:%Y%m%d-%H%M%S} 存）{out.suffix}")


def is_kept(name: str) -> bool:
    """Whether a file is one that was kept so (`kept`)."""
    return _KEPT.search(name) is not None


def is_hidden(name: str) -> bool:
    """Whether a file was put there by a system or a program: what is hidden, locks, copies that are being written."""
    return name.startswith((".", "~$", "~lock"))


def unfit(name: str) -> str:
    """Why a text cannot be the name of a file here or on Windows; '' where it can."""
    if not name.strip():
        return "没有写名字"
    if odd := sorted(set(name) & set('\\/:*?"<>|')):
        return f"不能含有 {' '.join(odd)}"
    if not is_shown(name) or name != name.encode("utf-8", "replace").decode():
        return "有看不见或写不下的字符"
    if is_hidden(name):
        return "不能以点号、~$ 或 ~lock 开头"
    if name.endswith((".", " ")) or name.partition(".")[0].strip().upper() in _RESERVED:
        return "Windows 上不能用这个名字"
    if len(name.encode()) > _LONGEST:
        return f"太长，最多 {_LONGEST // 3} 个汉字"
    return ""
