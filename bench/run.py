"""Measures: `python -m bench.run city|province|growth|audit|large|desk|start|all`; `all` writes docs/性能.md.

Each measurement is a process of its own, with all that it starts, also what outlives it (`bench.tree`): its CPU time
(user and system, from its first instruction to its last), its wall-clock time, and the most memory that it and its
children held at one moment (proportional set size, looked at up to ten times a second). Compare within one run only:
the machine is not ours alone.
"""

import compileall
import csv
import gc
import json
import os
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.parsers import expat

ROOT = Path(__file__).parents[1]
SIZES = (1_250, 2_500, 5_000, 10_000)
LARGE = 44_000
"""Enterprises of the made-up province whose submission has 100 MB."""
MIB = 1 << 20
RUNS = 3
"""Of the city, naive and ours in turn."""


@dataclass(frozen=True)
class Cost:
    """What a process and all that it started cost."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak: float
    """MiB at the worst moment."""
    said: Any = None
    """What the step returned."""

    def __add__(self, other: "Cost") -> "Cost":
        """Both, one after the other."""
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.peak, other.peak), other.said)


def measure(step: str, *arguments: object) -> Cost:
    """Run a step (see `STEPS`) in a process of its own."""
    cost = measured([sys.executable, "-m", "bench.run", "--step", step, *map(str, arguments)])
    return replace(cost, said=json.loads(cost.said.splitlines()[-1]))


def typed(*arguments: object, readings: Path, ends: int = 0) -> Cost:
    """Run a command of ours as people type it, with `--json`; what it has read is kept in that folder."""
    command = [sys.executable, "-m", "addin", *map(str, arguments), "--json"]
    cost = measured(command, {**os.environ, "QINGDAN_READINGS": str(readings)}, ends)
    return replace(cost, said=json.loads(cost.said))


def measured(command: Sequence[str], environment: Mapping[str, str] | None = None, ends: int = 0) -> Cost:
    """Run a command, which is to end with that code; `said` is its standard output."""
    with TemporaryDirectory() as folder:
        report, said = Path(folder, "cost"), Path(folder, "said")
        start, peak = time.monotonic(), 0.0
        with (
            said.open("wb") as out,
            subprocess.Popen(
                [sys.executable, "-m", "bench.tree", str(report), *command], cwd=ROOT, stdout=out, env=environment
            ) as process,
        ):
            while process.poll() is None:
                before = time.monotonic()
                peak = max(peak, memory(process.pid))
                time.sleep(max(0.1, 20 * (time.monotonic() - before)))  # looking holds the process up
        wall = time.monotonic() - start
        cpu, code = json.loads(report.read_text())
        if code != ends:
            raise RuntimeError(f"{command} ended with {code}")
        return Cost(cpu, wall, peak, said.read_text(encoding="utf-8"))


def memory(root: int) -> float:
    """MiB that a process and its descendants hold now, shared pages counted once."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(text.rpartition(")")[2].split()[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(map(_proportional, family)) / 1024


def _proportional(pid: int) -> int:
    """KiB of a process; 0 if it has gone."""
    try:
        lines = Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def naive_step(folder: str, out: str) -> int:
    """The whole naive script; returns the number of problems."""
    from bench import naive

    return naive.run(Path(folder), Path(out))


def whole_step(folder: str, out: str) -> int:
    """Check, consolidate and export in one process, nothing read twice; returns the rows of the submission."""
    from addin.office.consolidation import consolidate
    from addin.office.exporting import submit

    gc.disable()  # as the command line does
    done = consolidate([Path(folder)], Path(out, "一次.xlsx"), overwrite=True)
    exported = submit(done.city, done.findings, Path(out, "一次报省.xlsx"), profile_name="default", overwrite=True)
    if exported.manifest is None:
        raise RuntimeError("the made-up inventory is not free of errors")
    return sum(sheet["rows"] for sheet in exported.manifest["sheets"])


def command_step(*arguments: str) -> dict[str, int]:
    """A command of ours, as it is typed, with `--json`; returns its exit code, and the rows that it counted."""
    from addin.cli.app import main
    from addin.reading.isolation import settle

    settle()  # as the command line does where it is a process's only work
    with redirect_stdout(StringIO()) as said:
        code = main([*arguments, "--json"])
    totals = json.loads(said.getvalue()).get("totals", {})
    return {"code": code, **{name: count for name, count in totals.items() if isinstance(count, int)}}


def province_step(*arguments: str) -> dict[str, int]:
    """A command of ours in the made-up province."""
    import bench.province  # noqa: F401 - gives the rule set its divisions

    return command_step(*arguments)


def floor_step(*files: str) -> int:
    """Inflate and parse, and nothing else; returns the bytes of XML."""
    total = 0
    for file in files:
        with zipfile.ZipFile(file) as package:
            for name in package.namelist():
                xml = package.read(name)
                total += len(xml)
                expat.ParserCreate().Parse(xml, True)
    return total


def audit_step(file: str, second_reading: str) -> tuple[str, float]:
    """Audit a submission with its manifest, with AU09 or without; the verdict, and CPU seconds without the start."""
    import validators.audit
    from validators.audit import audit
    from workbook_templates.submission.submission_workbook import heads, manifest_path

    if second_reading == "no":
        validators.audit.values.compare = lambda *_, **__: None  # to see what AU09 costs
    path, known = Path(file), heads()
    before = time.process_time()
    with path.open("rb") as opened:
        report = audit(opened, path.name, heads=known, manifest=manifest_path(path).read_bytes())
    return report.verdict, time.process_time() - before


def openpyxl_step(file: str) -> tuple[int, float]:
    """Open a workbook fully with openpyxl; its rows, and CPU seconds without the start."""
    import openpyxl

    before = time.process_time()
    book = openpyxl.load_workbook(file)
    taken = time.process_time() - before
    return sum(sheet.max_row for sheet in book.worksheets), taken


def calamine_step(file: str) -> tuple[int, float]:
    """Read all values with the second reader of AU09 alone: what AU09 costs at least; its rows, and CPU seconds as above."""
    import python_calamine

    before, rows = time.process_time(), 0
    book = python_calamine.CalamineWorkbook.from_path(file)
    for index in range(len(book.sheet_names)):
        rows += sum(1 for _ in book.get_sheet_by_index(index).iter_rows())
    return rows, time.process_time() - before


def children_step(number: str) -> int:
    """Children of a command that do nothing; their number."""
    import addin.cli.app  # noqa: F401 - as the command line has it
    from addin.reading.isolation import each, settle

    settle()
    return len(list(each(_nothing, [(Path(),)] * int(number))))


def _nothing(_: Path) -> None:
    """In a child."""


STEPS: dict[str, Callable[..., Any]] = {
    "naive": naive_step,
    "whole": whole_step,
    "command": command_step,
    "province": province_step,
    "floor": floor_step,
    "audit": audit_step,
    "openpyxl": openpyxl_step,
    "calamine": calamine_step,
    "children": children_step,
}


def run_step(name: str, arguments: Sequence[str]) -> None:
    """In the measured process."""
    print(json.dumps(STEPS[name](*arguments)))


def forget(out: Path) -> None:
    """Take away the office's record: each run is a first one, which keeps the rows of every county."""
    (out / "清单台账.sqlite").unlink(missing_ok=True)
    (out / "全市.xlsx").unlink(missing_ok=True)


def chain(folder: Path, out: Path, step: str = "command") -> tuple[Cost, Cost]:
    """`qingdan consolidate` and `qingdan export` of what was never read, which must find nothing that stops them."""
    forget(out)
    city, submission = out / "全市.xlsx", out / "报省.xlsx"
    with TemporaryDirectory() as readings, patched(QINGDAN_READINGS=readings):
        consolidated = measure(step, "consolidate", folder, "--out", city, "--force")
        exported = measure(step, "export", city, "--out", submission, "--force")
    if consolidated.said["code"] or exported.said["code"]:
        raise RuntimeError("the made-up inventory is not free of errors")
    return consolidated, exported


@contextmanager
def patched(**values: str) -> Iterator[None]:
    """These environment variables, for what is started in the block."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def commands(folder: Path, out: Path, readings: Path) -> dict[str, Cost]:
    """The three commands of a city's day, as people type them, and then the button once more after a county changed.

    The folder is given back as it was.
    """
    forget(out)
    city, submission = out / "全市.xlsx", out / "报省.xlsx"
    consolidate = ("consolidate", folder, "--out", city, "--force")
    found = {
        "check": typed("check", *sorted(folder.glob("*.xlsx")), readings=readings),
        "consolidate": typed(*consolidate, readings=readings),
        "export": typed("export", city, "--out", submission, "--force", readings=readings),
    }
    with changed(sorted(folder.glob("*.xlsx"))[0]):
        found["second"] = typed(*consolidate, readings=readings)
    return found


@contextmanager
def changed(workbook: Path) -> Iterator[None]:
    """The same inventory in other bytes, for the block: it is read and judged anew."""
    before = workbook.read_bytes()
    try:
        with zipfile.ZipFile(workbook, "a") as package:
            package.comment = b"changed"
        yield
    finally:
        workbook.write_bytes(before)


Measured = tuple[list[str], dict[str, float]]
"""Lines of a table, and what of it is held against a goal, by its key in goals.csv."""


def city(out: Path) -> Measured:
    """Naive and ours on the city, `RUNS` times in turn, the median of each."""
    from bench import data  # not in the measured processes

    folder = data.city()
    files = sorted(folder.glob("*.xlsx"))
    theirs, ours, day, presses = [], [], [], []
    for _ in range(RUNS):
        forget(out)
        theirs.append(measure("naive", folder, out))
        with TemporaryDirectory() as readings:
            day.append(commands(folder, out, Path(readings)))
        with TemporaryDirectory() as readings:
            forget(out)
            presses.append(typed("consolidate", folder, "--out", out / "全市.xlsx", "--force", readings=Path(readings)))
        forget(out)
        with patched(QINGDAN_READINGS=""):
            ours.append(measure("whole", folder, out))
    naive, whole, press = median(theirs), median(ours), median(presses)
    own = {name: median([one[name] for one in day]) for name in day[0]}
    three = own["check"] + own["consolidate"] + own["export"]
    floor = measure("floor", *files, out / "一次.xlsx")
    if naive.said:
        raise RuntimeError("the naive script found something")
    reached = {
        "three": naive.cpu / three.cpu,
        "whole": naive.cpu / whole.cpu,
        "second": press.cpu / own["second"].cpu,
        "memory": three.peak / naive.peak,
    }
    return [
        f"| CPU 时间，三条命令：校验、汇总、导出 | {naive.cpu:.1f} 秒 | {three.cpu:.1f} 秒 | **{naive.cpu / three.cpu:.1f} 倍** |",
        f"| 其中：校验（读 11 份） | | {own['check'].cpu:.1f} 秒 | |",
        f"| 其中：汇总（读过的不再读） | | {own['consolidate'].cpu:.1f} 秒 | |",
        f"| 其中：导出（汇总写下的清单不再读） | | {own['export'].cpu:.1f} 秒 | |",
        f"| CPU 时间，一个进程里校验、汇总、导出 | 同上 | {whole.cpu:.1f} 秒 | **{naive.cpu / whole.cpu:.1f} 倍** |",
        f"| CPU 时间，第一次按“汇总”（什么都没有读过） | | {press.cpu:.1f} 秒 | |",
        f"| CPU 时间，一个县变了以后再按一次 | | {own['second'].cpu:.1f} 秒 | 是第一次的 1/{press.cpu / own['second'].cpu:.1f} |",
        f"| 墙钟时间，三条命令 | {naive.wall:.1f} 秒 | {three.wall:.1f} 秒 | {naive.wall / three.wall:.1f} 倍 |",
        f"| 内存峰值，三条命令 | {naive.peak:.0f} MiB | {three.peak:.0f} MiB | **{three.peak / naive.peak:.2f}** |",
        f"| 内存峰值，一个进程 | 同上 | {whole.peak:.0f} MiB | {whole.peak / naive.peak:.2f} |",
        f"| 下限：只解压并解析同样的字节（{floor.said / MIB:.0f} MiB XML） | | {floor.cpu:.2f} 秒 | 三条命令是它的 {three.cpu / floor.cpu:.1f} 倍 |",
    ], reached


def median(costs: Sequence[Cost]) -> Cost:
    """The run whose CPU time is in the middle."""
    return sorted(costs, key=lambda cost: cost.cpu)[len(costs) // 2]


def province(out: Path) -> Measured:
    """Ours alone on the province."""
    from bench import data  # not in the measured processes

    folder = data.province()
    consolidated, exported = chain(folder, out, "province")
    whole = consolidated + exported
    rows = consolidated.said["enterprises"] + consolidated.said["lines"]
    return [
        f"| 企业，生产线 | {consolidated.said['enterprises']:,} 家，{consolidated.said['lines']:,} 条 |",
        f"| 墙钟时间 | **{whole.wall:.0f} 秒**（汇总 {consolidated.wall:.0f}，导出 {exported.wall:.0f}） |",
        f"| CPU 时间 | {whole.cpu:.0f} 秒 |",
        f"| 每秒行数（墙钟） | {rows / whole.wall:,.0f} |",
        f"| 内存峰值 | **{whole.peak:.0f} MiB**（汇总 {consolidated.peak:.0f}，导出 {exported.peak:.0f}） |",
    ], {}


def growth(out: Path) -> Measured:
    """Ours on one to eight times the work."""
    from bench import data  # not in the measured processes

    lines = []
    first = None
    for size in SIZES:
        runs = [chain(data.city(size), out) for _ in range(2)]
        cost = min((one + other for one, other in runs), key=lambda cost: cost.cpu)
        first = first or cost.cpu
        lines.append(
            f"| {size // SIZES[0]} | {size:,} | {cost.cpu:.2f} | {cost.cpu / first:.1f} | "
            f"{cost.cpu / size * 1000:.2f} | {cost.peak:.0f} |"
        )
    return lines, {}


def audit(out: Path) -> Measured:
    """The audit of the city's submission."""
    from bench import data  # not in the measured processes

    chain(data.city(), out)
    return audited("audit", out / "报省.xlsx")


def large(out: Path) -> Measured:
    """The audit of a submission of 100 MB."""
    from bench import data  # not in the measured processes

    chain(data.province(LARGE), out, "province")
    return audited("large", out / "报省.xlsx")


def audited(key: str, submission: Path) -> Measured:
    """The audit of a submission against opening it with openpyxl."""
    runs = [measure("audit", submission, "no") for _ in range(3)]
    own = min(runs, key=lambda cost: cost.cpu)
    both = min((measure("audit", submission, "yes") for _ in range(2)), key=lambda cost: cost.cpu)
    theirs = measure("openpyxl", submission)
    calamine = measure("calamine", submission)
    floor = measure("floor", submission)
    if own.said[0] != "通过" or both.said[0] != "通过":
        raise RuntimeError("the submission does not pass its audit")

    def compared(what: str, cost: Cost) -> str:
        alone, first = theirs.said[1] / cost.said[1], theirs.cpu / cost.cpu
        mine = f"{cost.said[1]:.2f} 秒 | **{alone:.1f} 倍** | {cost.cpu:.2f} 秒 | {first:.1f} 倍"
        return f"| {what} | {mine} | {cost.wall:.1f} 秒 | {cost.peak:.0f} MiB |"

    return [
        compared("openpyxl 打开（不作任何检查）", theirs),
        compared("AU01–AU08", own),
        compared("AU01–AU09（AU09 另用一个读表程序再读一遍，逐格比较）", both),
        compared("AU09 的另一读表程序（calamine）自己读一遍，不作比较", calamine),
        f"| 下限：只解压并解析同样的字节 | | | {floor.cpu:.2f} 秒 | {theirs.cpu / floor.cpu:.1f} 倍 | {floor.wall:.1f} 秒 | |",
    ], {key: theirs.said[1] / both.said[1], f"{key}_memory": both.peak}


def foreign(out: Path) -> Measured:
    """`qingdan layout learn` and `qingdan import` of a county's old list, `RUNS` times; the median of each."""
    from bench import data  # not in the measured processes

    old, layout = out / "旧清单.xlsx", out / "布局.csv"
    lines = data.old_list(old)
    found: dict[str, list[Cost]] = {"learn": [], "import": []}
    for _ in range(RUNS):
        with TemporaryDirectory() as readings:
            here = Path(readings)
            found["learn"].append(typed("layout", "learn", old, "--out", layout, "--force", readings=here, ends=1))
            taken = ("import", old, "--layout", layout, "--county", data.COUNTY, "--year", data.YEAR)
            found["import"].append(typed(*taken, "--out", here / "填报表.xlsx", readings=here, ends=1))
    words = {"learn": "认表：`qingdan layout learn`", "import": f"导入：`qingdan import`，{lines:,} 行，连同报告和校验"}
    own = {name: median(costs) for name, costs in found.items()}
    return [
        f"| {words[name]} | {one.cpu:.1f} 秒 | {one.wall:.1f} 秒 | {one.peak:.0f} MiB |" for name, one in own.items()
    ], {"foreign": own["import"].cpu, "foreign_memory": own["import"].peak}


def desk(_: Path) -> Measured:
    """`qingdan desk` over the city's inbox."""
    from bench.desk import measured as seen  # needs a browser

    found = seen()
    return [
        f"| 打开页面到画出来 | {found['paint']:.2f} 秒 |",
        f"| 按下“汇总”到有动静 | {found['sign']:.3f} 秒 |",
        f"| 第一次按“汇总”，到各县一览 | {found['first']:.1f} 秒 |",
        f"| 一个县变了再按一次，到新的各县一览 | {found['second']:.1f} 秒 |",
    ], {"paint": found["paint"], "sign": found["sign"], "board": found["second"]}


def start(_: Path) -> Measured:
    """How long `qingdan --help` and a bare Python take to start."""

    def best(code: str) -> float:
        found = []
        for _ in range(7):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(found)

    ours = best("from addin.cli.app import main; main(['--help'])")
    few, many = (min(measure("children", number).cpu for _ in range(3)) for number in (10, 110))
    child = (many - few) / 100
    return [
        f"| `qingdan --help` | {ours:.2f} 秒 |",
        f"| 空的 Python | {best('pass'):.2f} 秒 |",
        f"| 一份文件的子进程，什么也不读 | {child:.3f} 秒 |",
    ], {"child": child}


AUDITED = "| | CPU 时间，不计启动 | 相比 | CPU 时间，整个进程 | 相比 | 墙钟时间，整个进程 | 内存峰值 |\n|---|---|---|---|---|---|---|"
CASES: dict[str, tuple[str, str, Callable[[Path], Measured]]] = {
    "city": (
        "全市：11 本工作簿，9,900 家企业，约 39,000 条生产线",
        "| | 对照脚本 | 本程序 | 相比 |\n|---|---|---|---|",
        city,
    ),
    "province": (
        "全省（虚构）：140 个县，80,000 家企业，约 320,000 条生产线；汇总并导出",
        "| | 本程序 |\n|---|---|",
        province,
    ),
    "growth": (
        "工作量增至 8 倍",
        "| 倍数 | 企业数 | CPU 秒 | 与 1 倍之比 | 每家企业毫秒 | 内存峰值 MiB |\n|---|---|---|---|---|---|",
        growth,
    ),
    "foreign": (
        "别的样式的表格：一个县的旧清单，900 家企业，每条生产线一行",
        "| | CPU 时间 | 墙钟时间 | 内存峰值 |\n|---|---|---|---|",
        foreign,
    ),
    "audit": ("审计全市的报送文件", AUDITED, audit),
    "large": ("审计 100 MB 的报送文件（虚构的全省，44,000 家企业）", AUDITED, large),
    "desk": ("`qingdan desk`：同样的全市，窗口是 Chromium", "| | 墙钟时间 |\n|---|---|", desk),
    "start": ("启动", "| | CPU 时间 |\n|---|---|", start),
}


def commit() -> str:
    """What is measured, as the pages say it: the commit, and whether anything in the working tree differs from it."""

    def said(*command: str) -> str:
        return subprocess.run(["git", *command], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()

    own = said("status", "--porcelain", "--", "addin", "validators", "workbook_templates", "bench")
    day = said("log", "-1", "--format=%cs")
    return f"提交 {said('rev-parse', '--short=7', 'HEAD')}（{day}）{'，另有未提交的改动' if own else ''}"


def goals(reached: Mapping[str, float]) -> str:
    """The section of what was to be reached, what was, and where it was not, why, and what the floor is."""
    lines = ["## 目标", "", "| | 目标 | 测得 | |", "|---|---|---|---|"]
    with Path(__file__).with_name("goals.csv").open(encoding="utf-8", newline="") as file:
        for one in csv.DictReader(file):
            found, goal, most = reached[one["key"]], float(one["goal"]), one["bound"] == "most"
            met = found <= goal if most else found >= goal
            wanted = f"{'至多' if most else '至少'} {one['goal']} {one['unit']}"
            said = "✓" if met else f"✗ {one['reason'] or '还没有查明'}"
            lines.append(f"| {one['what']} | {wanted} | **{found:.3g} {one['unit']}** | {said} |")
    return "\n".join([*lines, ""])


def main(wanted: str) -> None:
    """Run one case, or all of them and write the page."""
    for package in ("addin", "validators", "workbook_templates", "bench"):
        compileall.compile_dir(ROOT / package, quiet=1)  # as what is installed is, else each start would do it
    page, reached = [], dict[str, float]()
    with TemporaryDirectory() as folder:
        for name, (title, head, case) in CASES.items():
            if wanted in (name, "all"):
                lines, found = case(Path(folder))
                reached |= found
                text = "\n".join([f"## {title}", "", head, *lines, ""])
                print(text, flush=True)
                page.append(text)
    if wanted == "all":
        intro = Path(__file__).with_name("intro.md").read_text(encoding="utf-8").replace("{commit}", commit())
        (ROOT / "docs" / "性能.md").write_text("\n".join([intro, goals(reached), *page]), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        run_step(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) == 2 and sys.argv[1] in (*CASES, "all"):
        main(sys.argv[1])
    else:
        sys.exit(f"python -m bench.run {'|'.join(CASES)}|all")
