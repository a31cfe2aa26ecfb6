"""Coverage-guided fuzzing: `python -m bench.fuzz audit|read [libFuzzer options] CORPUS`; needs `pip install atheris`.

An input is a list of edits to a small submission (or county workbook): bytes replaced, inserted or removed in a part,
a suspicious snippet put between two tags, an entry renamed, a byte of the archive changed. What must hold:
the auditor raises nothing and stumbles over nothing; its fast way and its thorough way find the same; what it passes
shows nothing to the plain scan of `bench.withstand`. The reader may only say `UnreadableWorkbook`.
"""

import io
import os
import re
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import atheris

with atheris.instrument_imports(include=["validators", "workbook_templates"]):
    from validators import ruleset
    from validators.audit import Report, audit, sheets
    from workbook_templates.county.reader import read_county
    from workbook_templates.submission.submission_workbook import heads
    from workbook_templates.xlsx.opened import UnreadableWorkbook
    from workbook_templates.xlsx.writer import Head, ListSheet, write_workbook

import datetime as dt

from bench.withstand import scan
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

SNIPPETS = [
    snippet.encode()
    for snippet in (
        '<f>1+1</f>', '<c r="H12"><v>1</v></c>', '<row r="40"><c r="A40" t="s"><v>0</v></c></row>', ' hidden="1"',
        ' t="inlineStr"', "<is><t>=1</t></is>", ' t="str"', ' t="e"', "<v>1e999</v>", "&#10;", "&amp;", "]]>", "<![CDATA[",
        "<!-- -->", "<?x y?>", ' xmlns:a="b"', ' s="3"', ' state="veryHidden"', '<mergeCell ref="A1:B2"/>', "\ufeff",
        '<col min="1" max="2" hidden="1"/>', ' collapsed="1"', "_x0041_", ' xml:space="preserve"', "<rPh/>", '<t/>',
        '<definedName name="a">1</definedName>', '<extLst><ext uri="a"/></extLst>', ' TargetMode="External"',
        '<hyperlinks><hyperlink ref="A1"/></hyperlinks>', '<dataValidation type="list"><formula1>A1</formula1>',
    )
]  # fmt: skip


def base(kind: str) -> dict[str, bytes]:
    """The parts of the workbook that is edited."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.xlsx")
        if kind == "audit":
            columns = [
                Head("名称", "text", 9),
                Head("数量", "number", 9),
                Head("代码", "code", 9),
                Head("日期", "date", 9),
            ]
            rows = [(f"厂{n} & {n % 3}", n / 8, f"{n:05d}", dt.date(2020, 1, 1 + n)) for n in range(30)]
            write_workbook(
                path, [ListSheet("甲", columns, rows), ListSheet("乙", columns, rows[:3])], dt.date(2020, 8, 1)
            )
        else:
            rules = ruleset.load("2020")
            with path.open("wb") as file:
                write_county(
                    file, county="371502", ruleset=rules, round_="首报", revision=1, enterprises=4,
                    rows=make_rows("371502", 4, 1, rules), officer=make_officer("371502", 1, rules),
                )  # fmt: skip
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def edited(parts: dict[str, bytes], data: bytes) -> bytes:
    """The workbook after the edits that the input means."""
    source = atheris.FuzzedDataProvider(data)
    parts = dict(parts)
    names = list(parts)
    archive_edits: list[tuple[int, int]] = []
    for _ in range(source.ConsumeIntInRange(1, 4)):
        what = source.ConsumeIntInRange(0, 5)
        name = names[source.ConsumeIntInRange(0, len(names) - 1)]
        text = parts.get(name, b"")
        tags = [match.start() for match in re.finditer(rb"[<> /\"]", text[:20_000])] or [0]
        at = tags[source.ConsumeIntInRange(0, len(tags) - 1)] + source.ConsumeIntInRange(0, 1)
        if what == 0:
            new = source.ConsumeBytes(source.ConsumeIntInRange(0, 12))
            parts[name] = text[:at] + new + text[at + len(new) :]
        elif what == 1:
            parts[name] = text[:at] + source.ConsumeBytes(source.ConsumeIntInRange(0, 40)) + text[at:]
        elif what == 2:
            parts[name] = text[:at] + SNIPPETS[source.ConsumeIntInRange(0, len(SNIPPETS) - 1)] + text[at:]
        elif what == 3:
            parts[name] = text[:at] + text[at + source.ConsumeIntInRange(1, 30) :]
        elif what == 4:
            new_name = names[source.ConsumeIntInRange(0, len(names) - 1)] + source.ConsumeUnicodeNoSurrogates(3)
            parts[new_name] = parts.pop(name, b"")
        else:
            archive_edits.append((source.ConsumeIntInRange(0, 1 << 16), source.ConsumeIntInRange(0, 255)))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    found = bytearray(target.getvalue())
    for place, value in archive_edits:
        found[-1 - place % len(found)] = value  # the directory is at the end
    return bytes(found)


def judged(data: bytes) -> Report:
    return audit(io.BytesIO(data), "提交.xlsx", heads=HEADS)


def fuzz_audit(data: bytes) -> None:
    """One input through the auditor."""
    workbook = edited(PARTS, data)
    quick = judged(workbook)
    quick_block, sheets.SheetWalker.plain_block = sheets.SheetWalker.plain_block, lambda self, block: False
    quick_text, sheets.StringTable.plain_block = sheets.StringTable.plain_block, lambda self, block: False
    try:
        thorough = judged(workbook)
    finally:
        sheets.SheetWalker.plain_block, sheets.StringTable.plain_block = quick_block, quick_text
    for one, other in zip(quick.checks, thorough.checks, strict=True):
        assert (one.result, one.evidence) == (other.result, other.evidence), (one, other)
        assert not any("无法解析（" in evidence.what for evidence in one.evidence), one
    if quick.verdict == "通过":
        assert not scan(io.BytesIO(workbook)), scan(io.BytesIO(workbook))


def fuzz_read(data: bytes) -> None:
    """One input through the reader."""
    SCRATCH.write_bytes(edited(PARTS, data))
    try:
        read_county(SCRATCH)
    except UnreadableWorkbook as error:
        assert re.search("[一-鿿]", str(error))


if __name__ == "__main__":
    which = sys.argv.pop(1)
    PARTS, HEADS = base(which), heads() | {"名称": "text", "数量": "number", "代码": "code", "日期": "date"}
    SCRATCH = Path(gettempdir(), f"fuzz-{os.getpid()}.xlsx")
    atheris.Setup(sys.argv, {"audit": fuzz_audit, "read": fuzz_read}[which])
    try:
        atheris.Fuzz()
    finally:
        SCRATCH.unlink(missing_ok=True)
