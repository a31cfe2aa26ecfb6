"""Measures the workbook's own formulas: `python -m bench.formulas` writes docs/实时性能-工作簿.md, in about half an hour.

The workbook as it is, and as it was before issue 13, written by the code of that commit in the same run. LibreOffice runs
without a window; an edit is entered as by hand, and then the row's 校验, the link and the counts in the head are read, and
at last the board: they are worked out when that is done. CPU time is that of soffice alone, as the machine is shared. The
same edits in the same workbook without its formulas are taken off. ONLYOFFICE, whose engine alone runs here, works the
filled ones out and is given an edit of each kind.
"""

import json
import os
import random
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from addin.apps.libreoffice.instance import Office
from bench.data import YEAR
from validators import ruleset
from validators.columns import COVER_TITLE, SHEETS
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import BAND_ROW, FIRST_ROW, MARK_ROW

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "实时性能-工作簿.md"
COUNTY, ENTERPRISES, EDITS = "371502", 1500, 20
FEWER = (60, 300)
"""Enterprises of the smaller workbooks that ONLYOFFICE works out."""
PATIENCE = 15.0
"""Seconds after which a kind of edit has been measured enough."""
LONGEST = 480.0
"""Seconds of the clock that ONLYOFFICE is given for a workbook, with its edits."""
ISSUE = "40dfbf8"
"""The commit before the first one of issue 13."""
ONLYOFFICE = ROOT / ".venv-onlyoffice" / "bin" / "python"
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
    ("enterprises", "permit_no", lambda n: f"91371502MA3C00001X{n:03d}P"),
    ("lines", "list_id", lambda n: f"{COUNTY}-G-{100 + n:04d}"),
)


_WRITE = """
import json, sys
from pathlib import Path
import bench.formulas as bench
from validators.columns import LETTERS
folder, bench.ENTERPRISES = Path(sys.argv[1]), int(sys.argv[2])
bench.write(folder / "空表.xlsx", filled=False)
bench.write(folder / "满表.xlsx", filled=True)
for fewer in sys.argv[3:]:
    bench.ENTERPRISES = int(fewer)
    bench.write(folder / f"{fewer}家.xlsx", filled=True)
(folder / "列.json").write_text(json.dumps({key: dict(own) for key, own in LETTERS.items()}))
"""
"""What is run in the code of either time."""
_CALCULATE = """
import os, sys, time
import docbuilder
builder = docbuilder.CDocBuilder()
builder.OpenFile(sys.argv[1], "")
for command in sys.argv[2:]:
    start = time.process_time()
    builder.ExecuteCommand(command)
    print(time.process_time() - start, flush=True)
os._exit(0)  # it crashes at Python's end
"""
"""What is run by the Python that has ONLYOFFICE's engine: seconds of CPU that each command takes."""
AFTER: Sequence[Edit] = (ORDINARY[2], ORDINARY[3])
"""The edits that ONLYOFFICE is given, one after the other, once all is worked out."""


@dataclass(frozen=True)
class Measured:
    """What one of the two workbooks costs."""

    size: float
    """MB of the empty one."""
    bare_size: float
    cells: int
    """Helper cells of a row over all sheets."""
    signs: int
    """Signs of the formulas that they stand for, names spelled out."""
    opening: float
    """Seconds of CPU for the empty one; without formulas below."""
    bare_opening: float
    edits: Mapping[tuple[str, str], tuple[float, float]]
    bare_edits: Mapping[tuple[str, str], tuple[float, float]]
    onlyoffice: Mapping[int, Sequence[str]]
    """Seconds of CPU in ONLYOFFICE by the number of enterprises, in words: the first calculation, and each of `AFTER`."""


def write(path: Path, *, filled: bool) -> Path:
    """A county's workbook at default room, empty or with every enterprise filled in."""
    rules = ruleset.load(YEAR)
    given: dict[str, Any] = {}
    if filled:
        given = {"rows": make_rows(COUNTY, ENTERPRISES, 1, rules), "officer": make_officer(COUNTY, 1, rules)}
    with path.open("wb") as file:
        write_county(file, county=COUNTY, ruleset=rules, round_="首报", revision=1, enterprises=ENTERPRISES, **given)
    return path


def spelled(path: Path) -> tuple[int, int]:
    """Helper cells of a row over all sheets of an empty workbook, and the signs of their formulas, names spelled out."""
    with zipfile.ZipFile(path) as package:
        book = package.read("xl/workbook.xml").decode()
        pages = [package.read(one).decode() for one in package.namelist() if one.startswith("xl/worksheets/sheet")]
    found = re.findall(r'<definedName[^>]*name="([^"]+)"[^>]*>([^<]*)</definedName>', book)
    names = {name: text for name, text in found if not re.fullmatch(r"[^(]+!\$[A-Z]+\$\d+(:\$[A-Z]+\$\d+)?", text)}
    sizes: dict[str, int] = {}

    def size(name: str) -> int:
        if name not in sizes:
            text = names[name].replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
            parts = re.split(r'(校验_[^-+*/&<>=(),:" ]+)', text)
            sizes[name] = sum(size(part) if part in names else len(part) for part in parts)
        return sizes[name]

    rows = [re.search(rf'<row r="{FIRST_ROW}".*?</row>', page) for page in pages]
    cells = [
        name
        for row in rows
        if row
        for name in re.findall(r'<c r="[B-Z][^>]*><f>([^<(]*)</f>|<c r="A[A-Z][^>]*><f>([^<(]*)</f>', row[0])
    ]
    own = [one or other for one, other in cells if (one or other) in names]
    return len(own), sum(map(size, own))


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


def edits(
    path: Path, letters: Mapping[str, Mapping[str, str]], kinds: Sequence[Edit]
) -> dict[tuple[str, str], tuple[float, float]]:
    """What an edit costs, by sheet and field, whose columns have these `letters`: CPU milliseconds until the sheet where it was made shows what it means, and
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
                book.CurrentController.select(sheet.getCellRangeByName(f"{letters[key][field]}{row}"))
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


def onlyoffice(path: Path, letters: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Seconds of CPU in ONLYOFFICE, in words: for the first calculation, and for each of `AFTER`, in columns of these
    `letters`."""
    if not ONLYOFFICE.exists():
        return ["没有测"] * (1 + len(AFTER))
    commands = ["Api.Calculate();"]
    for key, field, text in AFTER:
        cell = f"{letters[key][field]}{FIRST_ROW + 4}"
        commands.append(f'Api.GetSheet("{SHEETS[key].title}").GetRange("{cell}").SetValue("{text(1)}");')
    try:
        ran = subprocess.run(
            [ONLYOFFICE, "-c", _CALCULATE, path, *commands], check=True, capture_output=True, timeout=LONGEST
        ).stdout
    except subprocess.TimeoutExpired as over:
        ran = over.stdout or b""
    found = [f"{float(seconds):.1f} 秒" for seconds in ran.split()]
    print(path.name, *found, flush=True)
    return found + [f"（到 {LONGEST:.0f} 秒停止）"] * (len(commands) - len(found))


def measure(code: Path, folder: Path) -> Measured:
    """What the workbooks cost that the code in a folder writes into another."""
    folder.mkdir()
    sizes = [str(fewer) for fewer in FEWER]
    subprocess.run([sys.executable, "-c", _WRITE, folder, str(ENTERPRISES), *sizes], cwd=code, check=True)
    letters = json.loads((folder / "列.json").read_text())
    empty, full = (folder / f"{name}.xlsx" for name in ("空表", "满表"))
    bare, bare_full = (without_formulas(one, folder / f"无公式{one.name}") for one in (empty, full))
    kinds = [*ORDINARY, *KEYS]
    return Measured(
        empty.stat().st_size / 1e6,
        bare.stat().st_size / 1e6,
        *spelled(empty),
        opening(empty)[0],
        opening(bare)[0],
        edits(full, letters, kinds),
        edits(bare_full, letters, kinds),
        {fewer: onlyoffice(folder / f"{fewer}家.xlsx", letters) for fewer in FEWER}
        | {ENTERPRISES: onlyoffice(full, letters)},
    )


def table(was: Measured, now: Measured, kinds: Sequence[Edit]) -> Iterator[str]:
    """Lines of the page: each kind of edit, what it costs more than in a workbook without formulas."""
    for key, field, _ in kinds:
        own = [
            f"{one.edits[key, field][0] - one.bare_edits[key, field][0]:.0f} | {one.edits[key, field][1]:.1f}"
            for one in (was, now)
        ]
        head = f"{SHEETS[key].title}·{SHEETS[key][field].header}"
        yield f"| {head} | {own[0]} | {own[1]} | {now.bare_edits[key, field][0]:.0f} |"


def in_onlyoffice(was: Measured, now: Measured) -> Iterator[str]:
    """Lines of the page: what ONLYOFFICE takes for workbooks of each size, with as many rows as enterprises."""
    heads = ["第一次算完", *(f"改 {SHEETS[key].title}·{SHEETS[key][field].header}" for key, field, _ in AFTER)]
    columns = ["已填", *(f"{head}，{time}" for head in heads for time in ("原来", "现在"))]
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for enterprises in now.onlyoffice:
        pairs = zip(was.onlyoffice[enterprises], now.onlyoffice[enterprises], strict=True)
        yield f"| {enterprises:,} 家 | {' | '.join(f'{old} | **{new}**' for old, new in pairs)} |"


def main() -> None:
    """Measure everything and write the page."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        old = folder / "old"
        old.mkdir()
        packed = subprocess.run(["git", "archive", ISSUE], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "x", "-C", old], input=packed, check=True)
        was, now = measure(old, folder / "was"), measure(ROOT, folder / "now")
    head = [
        "| 改的格 | 原来：改，毫秒 | 原来：再看，秒 | 现在：改，毫秒 | 现在：再看，秒 | 已减去，毫秒 |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    page = [
        "# 工作簿自己的公式：大小和速度", "",
        f"由 `python -m bench.formulas` 一次测得并写成本页，勿手改；“原来”是议题 13 以前的代码（{ISSUE}）写的工作簿，同一次测。"
        "LibreOffice 7.4，双核机器：都是 CPU 时间，只算 soffice。Excel 和 WPS 没有测过。", "",
        f"## 空白填报表（{ENTERPRISES:,} 家企业的行数）", "",
        "| | 原来 | 要求 | 现在 | 现在，不带任何公式 |", "|---|---|---|---|---|",
        f"| 每行隐藏格（八张表合计） | {was.cells} | 141 | **{now.cells}** | 0 |",
        f"| 它们的公式写全，字数 | {was.signs:,} | {was.signs // 2:,} | **{now.signs:,}** | 0 |",
        f"| 文件大小 | {was.size:.2f} MB | 1.5 MB | **{now.size:.2f} MB** | {now.bare_size:.2f} MB |",
        f"| LibreOffice 打开（三次中最好的） | {was.opening:.1f} 秒 | 2 秒 | **{now.opening:.1f} 秒** | {now.bare_opening:.1f} 秒 |",
        f"| ONLYOFFICE 第一次算完，{FEWER[0]} 家 | {was.onlyoffice[FEWER[0]][0]} | 2 秒 | **{now.onlyoffice[FEWER[0]][0]}** | |",
        f"| ONLYOFFICE 第一次算完，{ENTERPRISES:,} 家 | {was.onlyoffice[ENTERPRISES][0]} | 公布 | **{now.onlyoffice[ENTERPRISES][0]}** | |", "",
        _WHY, "",
        f"## 改一格（已填 {ENTERPRISES:,} 家企业、约 5,900 条生产线；每种 {EDITS} 次，满 {PATIENCE:.0f} 秒为止）", "",
        "“改”算到这一行的“校验”和表头都算完，要求 30 毫秒以内。看不见的表 LibreOffice 先不算，去看填报说明或保存时才算：“再看”是这些次"
        "改动合在一起算一回的。“已减去”的是没有公式的同一本里同样的改动。", "",
        *head, *table(was, now, ORDINARY), "",
        "下面是钥匙列：改一个编号或名称，同一列的每一行都要重新核对有没有重复、别的表还找不找得到，所以贵一些。", "",
        *head, *table(was, now, KEYS), "",
        _FLOOR, "",
        "## 在 ONLYOFFICE 里", "",
        *in_onlyoffice(was, now), "",
        _EVERY_ROW, "",
    ]  # fmt: skip
    PAGE.write_text("\n".join(page), encoding="utf-8")


_WHY = (
    "没有达到的几项，原因如下。隐藏格：一格多省不下来了，再合并，改一格要重算的就多（下面的表）。字数：三种程序都算得一样的写法比原来长，"
    "这一项没有减，反而多了。文件大小：生产线 5,000 行每行 80 格，行号把每一格隔开，压缩后一格约 3 个字节，所以只有少备行或少用格才会再小；"
    "空行的公式已经只写一次。打开：LibreOffice 让每个隐藏格去听公式里的每一个地址（一万行共三千多万个），空行也听；"
    "没有公式的同一本所用的时间是下限。ONLYOFFICE：读公式和名称的时间与家数无关，10 家的一本也要 60 家的一半。"
)
_FLOOR = (
    "没有到 30 毫秒的，原因如下。LibreOffice 不问算出来的值变了没有：改了一格，凡是公式里提到它的格、提到那些格的格，全都重算。一列编号变了一个，每一行找编号的格都要重找，"
    "这是下限：1,500 家企业、5,900 条生产线各找一遍，不会是 30 毫秒。所以能做的是让跟着重算的格少而轻：生产线自己填的内容与从企业带来的"
    "（行业、子类、等级）分开判断，改企业的编号、等级不再把每条生产线从头算一遍；企业找自己的生产线，只看连在一起的那几行；"
    "名称、信用代码只与一张短表比，表里是有几行相同的那些（至多 200 个，满了才与全列比），相同而别的内容又不同的才逐行比文字；"
    "剩下的是每家企业都要重算的几格：有没有重复、这一行的结论、校验。"
)
_EVERY_ROW = (
    f"处理器时间；备的行数与家数相同，算上改的那一格和跟着它算的一切，一种改一次，一本最多给 {LONGEST:.0f} 秒。"
    "ONLYOFFICE 不看名称里的公式指的是哪一行，只看是哪一列：改了一格，用到这一列的名称的每一行都从头重算，空行也算，所以改一格的时间与行数成正比。"
    "试过把公式不用名称、直接写在格里（60 家、212 条生产线）：在 ONLYOFFICE 里改一条生产线由 5 秒降到 0.1 秒，但第一次算完由 11 秒升到 28 秒；"
    "1,500 家企业的空表 LibreOffice 打开由 6 秒升到 38 秒，内存由 0.5 GB 升到 6 GB，剪切一格也会把公式带到别的行去。所以仍用名称。"
    "只把短的写在格里、长的仍用名称，改一格一点也不会快，因为每一行总有用到名称的。"
)


if __name__ == "__main__":
    main()
