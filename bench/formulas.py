"""Measures the workbook's own formulas: `python -m bench.formulas` writes docs/实时性能-工作簿.md.

LibreOffice runs without a window; an edit is entered as by hand, and then the row's 校验, the link and the counts in the
head are read, and at last the board: they are worked out when that is done. CPU time is that of soffice alone, wall-clock time
is that of a machine shared with others. The same edits in the same workbook without its formulas are taken off.
"""

import os
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addin.apps.libreoffice.instance import Office
from bench.data import YEAR
from validators import ruleset
from validators.columns import COVER_TITLE, INVENTORY, LETTERS, SHEETS
from workbook_templates.county.template import write_county
from workbook_templates.formulas.plan import Formulas
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import BAND_ROW, FIRST_ROW, MARK_ROW

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "实时性能-工作簿.md"
COUNTY, ENTERPRISES, EDITS = "371502", 1500, 20
PATIENCE = 60.0
"""Seconds after which a kind of edit has been measured enough."""
Edit = tuple[str, str, Callable[[int], str]]
"""Key of the sheet, field, and what is typed into it the n-th time."""
ORDINARY: Sequence[Edit] = (
    ("enterprises", "run_days", lambda n: str(200 + n)),
    ("enterprises", "grade", lambda n: "BCD"[n % 3]),
    ("enterprises", "contact", lambda n: f"联系人{n}"),
    ("lines", "so2_daily", lambda n: str(n / 10)),
    ("lines", "red_measure", lambda n: f"停产{n}"),
)
KEYS: Sequence[Edit] = (
    ("enterprises", "list_id", lambda n: f"{COUNTY}-G-{8000 + n}"),
    ("lines", "line_id", lambda n: f"{COUNTY}-G-0001-L{70 + n}"),
    ("enterprises", "name", lambda n: f"聊城试算{n}有限公司"),
    ("enterprises", "uscc", lambda n: f"9137150{n:02d}MA3C00001"),
)


BEFORE = {
    "size": ("2.3 MB", "1.5 MB"),
    "open": ("12.3 秒", "2 秒"),
    "cells": ("283", "141"),
}
"""What issue 13 found and wanted: size, CPU for opening, helper cells of a row over all sheets."""


def write(path: Path, *, filled: bool) -> Path:
    """A county's workbook at default room, empty or with every enterprise filled in."""
    rules = ruleset.load(YEAR)
    given: dict[str, Any] = {}
    if filled:
        given = {"rows": make_rows(COUNTY, ENTERPRISES, 1, rules), "officer": make_officer(COUNTY, 1, rules)}
    with path.open("wb") as file:
        write_county(file, county=COUNTY, ruleset=rules, round_="首报", revision=1, enterprises=ENTERPRISES, **given)
    return path


def without_formulas(source: Path, target: Path) -> Path:
    """The same workbook with no formula in any cell."""
    with zipfile.ZipFile(source) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in package.namelist():
            data = package.read(name)
            if name.startswith("xl/worksheets/sheet"):
                data = re.sub(rb"<f[^>]*?(?:/>|>[^<]*</f>)(?:<v></v>)?", b"", data)
            elif name.startswith("xl/tables/"):
                data = re.sub(rb"<calculatedColumnFormula>[^<]*</calculatedColumnFormula>", b"", data)
            copy.writestr(name, data)
    return target


def cpu(office: Office) -> float:
    """Seconds of CPU time that soffice has used until now, in steps of 10 ms, threads that have ended too."""
    found = 0
    for process in _children(os.getpid()):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        found += int(fields[11]) + int(fields[12])
    return found / os.sysconf("SC_CLK_TCK")


def _children(parent: int) -> list[int]:
    own = [one for task in Path(f"/proc/{parent}/task").iterdir() for one in (task / "children").read_text().split()]
    return [one for child in map(int, own) for one in (child, *_children(child))]


@contextmanager
def opened(path: Path) -> Iterator[tuple[Office, Any, float, float]]:
    """LibreOffice with a workbook; CPU and wall-clock seconds that opening took."""
    with Office.start(headless=True) as office:
        before, start = cpu(office), time.perf_counter()
        book = office.desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, office.options(Hidden=False))
        yield office, book, cpu(office) - before, time.perf_counter() - start
        book.setModified(False)
        book.close(True)


def opening(path: Path, times: int = 3) -> tuple[float, float]:
    """CPU and wall-clock seconds of opening a workbook, the best of a few."""
    found = []
    for _ in range(times):
        with opened(path) as (_, _, own, wall):
            found.append((own, wall))
    return min(found)


def edits(path: Path, kinds: Sequence[Edit]) -> dict[tuple[str, str], tuple[float, float]]:
    """What an edit costs, by sheet and field: CPU milliseconds until the sheet where it was made shows what it means, and
    the CPU seconds until the board on the cover does, after all edits of the kind.

    LibreOffice works out what nobody looks at when it is looked at, or saved. A kind of edit ends after `PATIENCE` seconds.
    """
    choose = random.Random(1)  # noqa: S311 - which rows are edited
    found: dict[tuple[str, str], tuple[float, float]] = {}
    with opened(path) as (office, book, _, _):
        dispatcher = office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.DispatchHelper", office.context
        )
        board = book.Sheets.getByName(COVER_TITLE).getCellRangeByName("B13")
        _ = board.String  # everything is worked out once
        for key, field, text in kinds:
            sheet = book.Sheets.getByName(SHEETS[key].title)
            book.CurrentController.setActiveSheet(sheet)
            until, done, before = time.monotonic() + PATIENCE, 0, cpu(office)
            while done < EDITS and time.monotonic() < until:
                row = FIRST_ROW + choose.randrange(ENTERPRISES)
                book.CurrentController.select(sheet.getCellRangeByName(f"{LETTERS[key][field]}{row}"))
                options = office.options(StringName=text(done))
                dispatcher.executeDispatch(book.CurrentController.Frame, ".uno:EnterString", "", 0, options)
                for cell in (f"A{row}", f"A{BAND_ROW}", f"A{MARK_ROW}"):
                    _ = sheet.getCellRangeByName(cell).String
                done += 1
            shown = cpu(office)
            _ = board.String
            found[key, field] = (shown - before) / done * 1e3, cpu(office) - shown
            print(key, field, done, *found[key, field], flush=True)
    return found


def table(path: Path, bare: Path, kinds: Sequence[Edit]) -> list[str]:
    """Lines of the page: each kind of edit, what it costs more than in a workbook without formulas."""
    with_, without = edits(path, kinds), edits(bare, kinds)
    lines = []
    for (key, field), (own, board) in with_.items():
        base, _ = without[key, field]
        head = f"{SHEETS[key].title}·{SHEETS[key][field].header}"
        lines.append(f"| {head} | **{own - base:.0f}** | {board:.1f} | {base:.0f} |")
    return lines


def main() -> None:
    """Measure everything and write the page."""
    with TemporaryDirectory() as folder:
        empty = write(Path(folder, "空表.xlsx"), filled=False)
        full = write(Path(folder, "满表.xlsx"), filled=True)
        bare = without_formulas(full, Path(folder, "无公式.xlsx"))
        own, floor = opening(empty), opening(without_formulas(empty, Path(folder, "空无公式.xlsx")))
        size, size_bare = (path.stat().st_size / 1e6 for path in (empty, Path(folder, "空无公式.xlsx")))
        head = "| 改的格 | CPU 毫秒（平均） | 再看填报说明（或保存），CPU 秒 | 已减去：没有公式的同一本，CPU 毫秒 |"
        rule = "|---|---|---|---|"
        lines = table(full, bare, [*ORDINARY, *KEYS])
        ordinary, keys = lines[: len(ORDINARY)], lines[len(ORDINARY) :]
    plan = Formulas(ruleset.load(YEAR), COUNTY, dict.fromkeys(INVENTORY, 20))
    cells = sum(len(one.formulas) for one in plan.helpers.values())
    page = [
        "# 工作簿自己的公式：大小和速度", "",
        "由 `python -m bench.formulas` 测得并写成本页，勿手改。LibreOffice 7.4，双核机器，测量时与其他程序共用："
        "先看 CPU 时间（只算 soffice），墙钟时间包含等待别的程序的时间。Excel 和 WPS 没有测过。", "",
        "## 空白填报表（1,500 家企业的行数）", "",
        "| | 原来 | 要求 | 现在 | 不带任何公式的同一本 |", "|---|---|---|---|---|",
        f"| 文件大小 | {BEFORE['size'][0]} | {BEFORE['size'][1]} | **{size:.2f} MB** | {size_bare:.2f} MB |",
        f"| LibreOffice 打开，CPU（三次中最好的） | {BEFORE['open'][0]} | {BEFORE['open'][1]} | **{own[0]:.1f} 秒** | "
        f"{floor[0]:.1f} 秒 |",
        f"| 每行隐藏格（八张表合计） | {BEFORE['cells'][0]} | {BEFORE['cells'][1]} | **{cells}** | 0 |", "",
        "三项要求都没有达到。文件大小：备好的约一万行里每个隐藏格压缩后约占 3 个字节，只有少备行或少用格才会再小；"
        "空行的公式已经只写一次、以下各行引用它，压缩用第 7 级（第 9 级只再小 3%，写表慢一半多）。"
        "打开：LibreOffice 让每个隐藏格去听公式里的每一个地址（一万行共三千多万个），空行也听，所以公式里的地址多少决定快慢；"
        "没有公式的同一本所用的时间是下限。隐藏格的名称也写成“引用上一行”的，LibreOffice 打开要 22 秒，所以不这样写。", "",
        f"## 改一格，到这张表的“校验”和表头都算完（已填 {ENTERPRISES:,} 家企业、约 5,900 条生产线；每种 {EDITS} 次，"
        f"满 {PATIENCE:.0f} 秒为止）", "",
        "要求 30 毫秒以内。看不见的表 LibreOffice 先不算，去看填报说明或保存时才算：单列一栏，是这些次改动合在一起算一回的。", "",
        head, rule, *ordinary, "",
        "下面是钥匙列：改一个编号或名称，同一列的每一行都要重新核对有没有重复、别的表还找不找得到，所以贵一些。", "",
        head, rule, *keys, "",
    ]  # fmt: skip
    PAGE.write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
