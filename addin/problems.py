"""What cannot be done, in one plain Chinese line: what is wrong, where, and what to do."""

import errno
import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class Stop(Exception):
    """The command cannot be carried out; the message is one Chinese line for the user."""


def debugging() -> bool:
    """Whether a developer wants to see tracebacks."""
    return bool(os.environ.get("QINGDAN_DEBUG"))


REASONS = {
    errno.ENOSPC: "磁盘已满，写不下。请清理出空间，或换一个磁盘",
    errno.EDQUOT: "磁盘配额已满，写不下。请清理出空间，或换一个磁盘",
    errno.EFBIG: "文件太大，这个磁盘放不下。请换一个磁盘",
    errno.EROFS: "所在的磁盘是只读的。请换一个文件夹",
    errno.EACCES: "没有权限，或文件正被别的程序打开。请关闭该文件，或换一个文件夹",
    errno.EPERM: "没有权限。请换一个文件夹，或请管理员授权",
    errno.ENOENT: "不存在。请核对路径和文件名",
    errno.ENOTDIR: "路径中有一段不是文件夹。请核对路径",
    errno.EISDIR: "是文件夹，不是文件。请写到具体的文件名",
    errno.ENAMETOOLONG: "文件名太长。请换一个短些的名字",
    errno.ELOOP: "快捷方式（符号链接）循环，打不开。请核对路径",
    errno.EIO: "磁盘读写出错。请检查磁盘后重试",
    errno.EMFILE: "同时打开的文件太多。请关闭一些程序后重试",
    errno.EEXIST: "已存在，没有覆盖。请换一个文件名，或加上 --force 覆盖",
}


def reason(error: OSError) -> str:
    """Why the system refused, and what to do, without the name of the file."""
    if isinstance(error, PermissionError) and error.errno is None:
        return REASONS[errno.EACCES]
    return REASONS.get(error.errno or 0, f"系统拒绝了操作（错误号 {error.errno}）。请换一个文件夹后重试")


def refusal(error: OSError, path: str | Path | None = None) -> str:
    """The line for an error of the system about a file."""
    name = path if path is not None else error.filename
    return f"“{os.fspath(name)}”{reason(error)}。" if name else f"{reason(error)}。"


@contextmanager
def output(target: Path, *, force: bool, inputs: Iterable[Path] = (), suffix: str = ".xlsx") -> Iterator[BinaryIO]:
    """The new file that takes the place of `target` when the block ends well; errors as in `writing`."""
    from workbook_templates.xlsx.writer import replacing

    with writing(target, force=force, inputs=inputs, suffix=suffix), replacing(target, overwrite=force) as file:
        yield file


@contextmanager
def writing(target: Path, *, force: bool, inputs: Iterable[Path] = (), suffix: str = ".xlsx") -> Iterator[None]:
    """Refuse before the work what would be refused after it, and put into words what the disk or a cell refuses.

    Raises `Stop` where the target is one of the inputs, which are never written to, where it exists and `force` is
    not set, or where it cannot be written.
    """
    if target.is_dir():
        raise Stop(f"“{target}”{REASONS[errno.EISDIR]}。")
    if not target.parent.is_dir():
        raise Stop(f"文件夹“{target.parent}”不存在，写不进去。请先建立它，或换一个位置。")
    if target.suffix.lower() != suffix:
        raise Stop(f"输出文件“{target.name}”的后缀应为 {suffix}。请改一个文件名。")
    if target.exists() and any(path.exists() and path.samefile(target) for path in inputs):
        raise Stop(f"“{target}”也是要读取的文件，输入的文件从不改写。请把输出写到别的文件名或文件夹。")
    if target.exists() and not force:
        raise Stop(f"写不了：“{target}”{REASONS[errno.EEXIST]}。")
    try:
        yield
    except OSError as error:
        raise Stop(f"写不了：{refusal(error, target)}") from error
    except ValueError as error:
        raise Stop(f"写不了“{target.name}”：{error}") from error


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
