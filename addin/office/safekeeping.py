"""`qingdan ledger backup` and `restore`: the city workbook and the record of decisions in one file, and back."""

import datetime as dt
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from addin.office import ledger
from addin.office.results import Card, Result, made
from addin.problems import Stop, output, refusal
from addin.reading.inbox import LEDGER
from workbook_templates.xlsx.writer import replacing

LISTING = "内容.json"
_LARGEST = 2 << 30
"""Bytes that a backup may come to when it is unpacked."""


class Backup(Result):
    """The file that was written, and what is in it."""

    out: str
    files: list[str]

    def lines(self) -> Iterator[str]:
        """Where it is."""
        yield f"已把 {'、'.join(self.files)} 存进 {self.out}。请拷到另一个磁盘上。"

    def card(self) -> Card:
        """That it is there."""
        return made("已备份")


class Restored(Result):
    """What was put back where, and under which names that which lay there was kept."""

    out: str
    files: list[str]
    moved: list[str]

    def lines(self) -> Iterator[str]:
        """What was put back, and what was kept."""
        yield f"已恢复 {'、'.join(self.files)} 到 {self.out}。"
        if self.moved:
            yield f"原来的另存为 {'、'.join(self.moved)}。"

    def card(self) -> Card:
        """That they are back."""
        return made("已恢复")


def backup(workbook: Path, target: Path, *, force: bool) -> Backup:
    """Put a city workbook and the record beside it into one file. Raises `Stop`."""
    source = workbook
    if not workbook.is_file():
        raise Stop(f"“{source}”不存在，或不是文件。请指定全市汇总。")
    record = ledger.path_of(workbook)
    if not record.is_file():
        raise Stop(f"“{source}”旁边没有台账“{LEDGER}”，没有什么可备份。请先汇总。")
    with output(target, force=force, inputs=[workbook, record], suffix=".zip") as file:
        files = {workbook.name: workbook.read_bytes(), LEDGER: _snapshot(record)}
        listing = {"files": {name: ledger.digest_of(content) for name, content in files.items()}, "at": _now()}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in files.items():
                made.writestr(name, content)
            made.writestr(LISTING, json.dumps(listing, ensure_ascii=False))
    return Backup(out=str(target), files=list(files))


def restore(source: Path, folder: Path) -> Restored:
    """Put a backup's files into a folder; those that lie there are kept under another name. Raises `Stop`."""
    if not folder.is_dir():
        raise Stop(f"文件夹“{folder}”不存在。请先建立它，或换一个位置。")
    files = _opened(source)
    moved = []
    try:
        for name, content in files.items():
            target = folder / name
            if target.exists() and target.read_bytes() != content:
                kept = target.with_name(f"{target.stem}（恢复前 {dt.datetime.now():%Y%m%d-%H%M%S}）{target.suffix}")
                target.rename(kept)
                moved.append(kept.name)
            with replacing(target, overwrite=True) as file:
                file.write(content)
    except OSError as error:
        raise Stop(f"没有恢复完：{refusal(error, folder)}") from error
    return Restored(out=str(folder), files=list(files), moved=moved)


def _snapshot(record: Path) -> bytes:
    """The record as it is at one moment, whoever writes meanwhile. Raises `Stop`."""
    try:
        with TemporaryDirectory() as folder:
            copy = Path(folder) / LEDGER
            source, target = sqlite3.connect(record), sqlite3.connect(copy)
            try:
                source.backup(target)
            finally:
                source.close()
                target.close()
            return copy.read_bytes()
    except sqlite3.Error as error:
        raise Stop(f"台账“{record}”读不了，可能已损坏，没有备份。") from error


def _opened(path: Path) -> dict[str, bytes]:
    """The files of a backup: a city workbook and a record, both as they were put in. Raises `Stop`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST:
                raise Stop(f"“{path.name}”展开后太大，不是本程序的备份。")
            listing = json.loads(archive.read(LISTING))["files"]
            names = [name for name in listing if name != LEDGER]
            right = len(names) == 1 and names[0].endswith(".xlsx") and names[0] == Path(names[0]).name
            if LEDGER not in listing or not right or set(names[0]) & set('\\/:*?"<>|'):
                raise Stop(f"“{path.name}”不是本程序的备份：里面的文件不对。请核对是否拿错了文件。")
            files = {name: archive.read(name) for name in listing}
    except OSError as error:
        raise Stop(refusal(error, path.name)) from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Stop(f"“{path.name}”不是本程序的备份，或已损坏。请核对是否拿错了文件。") from error
    if any(ledger.digest_of(content) != listing[name] for name, content in files.items()):
        raise Stop(f"“{path.name}”里的内容与备份时不同，已损坏，没有恢复。")
    if not files[LEDGER].startswith(b"SQLite format 3\0"):
        raise Stop(f"“{path.name}”里的台账不是本程序的，没有恢复。")
    return files


def _now() -> str:
    return dt.datetime.now().astimezone().isoformat(timespec="seconds")
