"""What the desk survives: being killed, two offices at once, full disks, changing and hostile files, damaged records."""

import hashlib
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from addin.office import consolidation as desk
from addin.office import exporting, ledger
from addin.office.ledger_entries import record_decision
from addin.problems import Stop
from addin.reading.inbox import LEDGER
from tests.addin.conftest import fill
from tests.addin.office.test_consolidation import ALONE, audited, county, inbox
from validators import ruleset
from validators.book import Book
from validators.decisions import Decision
from workbook_templates.county.reader import read_county

RULES = ruleset.load("2020")
KILLED = """
import os, signal, sys
from pathlib import Path
import {module}
real = {module}.{name}
def die(*given, **named):
    {before}
    os.kill(os.getpid(), signal.SIGKILL)
{module}.{name} = die
from addin.office import consolidation, exporting
from tests.addin.office.test_consolidation import ALONE
{work}
"""
CONSOLIDATE = "consolidation.consolidate([Path(sys.argv[1])], Path(sys.argv[2]), exclusions=ALONE, overwrite=True)"
EXPORT = (
    "exporting._export(Path(sys.argv[2]), Path(sys.argv[2]).with_name('报省.xlsx'), 'default', None, None, None, True)"
)


@pytest.fixture(scope="module")
def books() -> list[Book]:
    return [county("371502", "东昌府区"), county("371503", "茌平区")]


@pytest.fixture
def source(tmp_path: Path, books: list[Book]) -> Path:
    return inbox(tmp_path / "收件箱", books)


def consolidate(source: Path, name: str = "全市.xlsx") -> desk.Consolidated:
    return desk.consolidate([source], source.parent / name, exclusions=ALONE, overwrite=True)


def killed(source: Path, module: str, name: str, work: str, before: str = "pass") -> None:
    """Run the work in a process that is killed when it comes to a function."""
    script = KILLED.format(module=module, name=name, work=work, before=before)
    done = subprocess.run(
        [sys.executable, "-c", script, str(source), str(source.parent / "全市.xlsx")], check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("workbook_templates.xlsx.writer", "shared_strings_xml"),  # in the middle of the workbook
        ("os", "fsync"),  # when it is whole but not yet in its place
    ],
)
@pytest.mark.parametrize("existing", [False, True])
def test_killed_while_consolidating_nothing_is_half_written_and_the_next_run_recovers(
    source: Path, module: str, name: str, existing: bool
) -> None:
    out = source.parent / "全市.xlsx"
    if existing:
        consolidate(source)
        (source / "茌平区.xlsx").unlink()
    before = out.read_bytes() if existing else None
    killed(source, module, name, CONSOLIDATE)
    assert (out.read_bytes() if out.exists() else None) == before
    done = consolidate(source)
    assert done.desk.version == 1 + existing  # the killed one is not on record
    with zipfile.ZipFile(out) as package:
        assert package.testzip() is None


def test_killed_between_the_workbook_and_the_record_the_same_version_is_made_again(source: Path) -> None:
    killed(source, "addin.office.consolidation", "remember_written", CONSOLIDATE)
    with ledger.opened(source.parent) as record:
        assert record is None or record.versions() == []
    out = source.parent / "全市.xlsx"
    first = out.read_bytes()
    assert consolidate(source).desk.version == 1
    assert out.read_bytes() == first


def test_killed_while_exporting_the_next_export_is_whole(source: Path) -> None:
    consolidate(source)
    for module, name in (
        ("workbook_templates.xlsx.writer", "shared_strings_xml"),
        ("workbook_templates.submission.submission_workbook", "file_digest"),
    ):
        killed(source, module, name, EXPORT)
        target = source.parent / "报省.xlsx"
        assert exporting.export(source.parent / "全市.xlsx", target, profile_name="default", overwrite=True).manifest
        assert audited(target).verdict == "通过"


def beside(target: Path) -> dict[str, bytes]:
    """The submission and what lies beside it."""
    return {path.name: path.read_bytes() for path in target.parent.glob(f"{target.name}*")}


def test_killed_between_manifest_and_submission_no_submission_stands_there_without_its_own(source: Path) -> None:
    consolidate(source)
    target = source.parent / "报省.xlsx"
    killed(source, "os", "replace", EXPORT, before="real(*given, **named)")
    assert set(beside(target)) == {"报省.xlsx.manifest.json"}
    assert exporting.export(source.parent / "全市.xlsx", target, profile_name="xingtai", overwrite=True).manifest
    assert audited(target).verdict == "通过"
    old = target.read_bytes()
    killed(source, "os", "replace", EXPORT, before="real(*given, **named)")
    assert target.read_bytes() == old
    assert audited(target).checks[7].result == "不通过"


@pytest.mark.parametrize("suffix", ["", ".manifest.json"])
def test_where_one_of_the_pair_cannot_be_put_in_its_place_the_old_pair_stays(
    source: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    consolidate(source)
    city, target = source.parent / "全市.xlsx", source.parent / "报省.xlsx"
    real = Path.replace
    refusing = True

    def replace(self: Path, to: Path) -> Path:
        if refusing and to.name == target.name + suffix:
            raise PermissionError(13, os.strerror(13))
        return real(self, to)

    monkeypatch.setattr(Path, "replace", replace)
    for profile_name in ("xingtai", "default"):  # without and with an old pair
        refusing = True
        before = beside(target)
        with pytest.raises(Stop, match="写不了"):
            exporting._export(city, target, profile_name, None, None, None, True)
        assert beside(target) == before
        refusing = False
        exporting._export(city, target, "xingtai", None, None, None, True)
        assert audited(target).verdict == "通过"


def test_killed_in_the_middle_of_a_record_it_is_not_there_and_the_others_are(source: Path) -> None:
    consolidate(source)
    one = Decision("全社会排放", key="SO2", value="10", reason="年报")
    record_decision(source.parent, 2020, one)
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom addin.office import ledger\nfrom validators.decisions import Decision\n"
        "with ledger.opened(Path(sys.argv[1]), writing=True) as record:\n"
        "    for n in range(500): record.keep(f'x{n}', os.urandom(20000))\n"  # more than fits into its memory
        "    record.add(2020, Decision('全社会排放', key='NOx', value='1', reason='x'))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(source.parent)], check=False)
    assert done.returncode == -signal.SIGKILL
    with ledger.opened(source.parent) as record:
        assert record
        assert [said.key for said in record.decisions(2020)] == ["SO2"]
        assert not record.has("x0")
    assert consolidate(source).desk.version == 2


def test_two_offices_at_once_get_the_same_version(source: Path) -> None:
    script = f"import sys\nfrom pathlib import Path\nfrom addin.office import consolidation\nfrom tests.addin.office.test_consolidation import ALONE\n{CONSOLIDATE}"
    outs = [source.parent / "甲.xlsx", source.parent / "乙.xlsx"]
    running = [subprocess.Popen([sys.executable, "-c", script, str(source), str(out)]) for out in outs]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert outs[0].read_bytes() == outs[1].read_bytes()
    with ledger.opened(source.parent) as record:
        assert record
        assert [one.id for one in record.versions()] == [1]


def test_while_another_office_writes_one_waits_and_is_told(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    consolidate(source)
    monkeypatch.setattr(ledger, "WAIT", 0.1)
    other = sqlite3.connect(source.parent / LEDGER, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = (source.parent / "全市.xlsx").read_bytes()
    with pytest.raises(Stop, match="正由另一处使用"):
        consolidate(source)
    assert (source.parent / "全市.xlsx").read_bytes() == before
    other.close()
    assert consolidate(source).desk.version == 1


def test_a_full_disk_leaves_everything_as_it_was(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr("workbook_templates.xlsx.writer.os.fsync", full)
        with pytest.raises(Stop, match="磁盘已满"):
            consolidate(source)
    assert [path.name for path in source.parent.iterdir()] == ["收件箱"]
    consolidate(source)
    with sqlite3.connect(source.parent / LEDGER) as connection:
        [(pages,)] = connection.execute("PRAGMA page_count")
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_prepare", _nearly_full(pages, ledger._prepare))
        fill(source / "临清市.xlsx", county="371581", enterprises=8)
        with pytest.raises(Stop, match="磁盘已满"):
            desk.consolidate(
                [source],
                source.parent / "全市.xlsx",
                exclusions={k: v for k, v in ALONE.items() if k != "371581"},
                overwrite=True,
            )
    with ledger.opened(source.parent) as record:
        assert record
        assert len(record.versions()) == 1


def _nearly_full(pages: int, prepare: Callable[..., bool]) -> Callable[..., bool]:
    def prepared(connection: sqlite3.Connection, path: Path, writing: bool) -> bool:
        there = prepare(connection, path, writing)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return there

    return prepared


def test_a_file_that_changes_while_it_is_read_is_one_or_the_other_whole(source: Path, tmp_path: Path) -> None:
    path = source / "茌平区.xlsx"
    one = path.read_bytes()
    other = inbox(tmp_path / "另", [county("371503", "茌平区", enterprises__remark="二稿")]) / "茌平区.xlsx"
    second = other.read_bytes()
    stop = threading.Event()

    def change() -> None:
        for content in _in_turn(one, second):
            part = tmp_path / "新的.xlsx"
            part.write_bytes(content)
            part.replace(path)
            if stop.is_set():
                return

    changing = threading.Thread(target=change)
    changing.start()
    try:
        done = consolidate(source)
    finally:
        stop.set()
        changing.join()
    book = next(book for book in done.city.books() if book.county == "371503")
    (tmp_path / "看.xlsx").write_bytes({ledger_sha(one): one, ledger_sha(second): second}[book.sha256])
    again = read_county(tmp_path / "看.xlsx")
    assert [record.remark for record in book.tables["enterprises"]] == [
        record.remark for record in again.tables["enterprises"]
    ]


def _in_turn(*contents: bytes) -> Iterator[bytes]:
    while True:
        yield from contents


def ledger_sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_damaged_record_is_left_alone_and_named(source: Path) -> None:
    consolidate(source)
    path = source.parent / LEDGER
    content = path.read_bytes()
    for damaged in (b"not a database" * 100, content[:100] + os.urandom(len(content) - 100)):
        path.write_bytes(damaged)
        with pytest.raises(Stop, match="已损坏"):
            consolidate(source)
        with pytest.raises(Stop, match="已损坏"):
            record_decision(source.parent, 2020, Decision("全社会排放", key="SO2", value="10", reason="年报"))
        assert path.read_bytes() == damaged
    path.write_bytes(content)
    assert consolidate(source).desk.version == 1


def test_a_record_of_a_newer_program_or_of_somebody_else_is_left_alone(source: Path) -> None:
    consolidate(source)
    path = source.parent / LEDGER
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Stop, match="请升级本程序"):
        consolidate(source)
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(Stop, match="不是本程序的台账"):
        consolidate(source)


def test_nothing_on_record_can_be_changed_or_taken_away(source: Path) -> None:
    consolidate(source)
    record_decision(source.parent, 2020, Decision("全社会排放", key="SO2", value="10", reason="年报"))
    connection = sqlite3.connect(source.parent / LEDGER)
    for statement in (
        "DELETE FROM decision", "UPDATE decision SET value = '1'", "DELETE FROM version", "UPDATE version SET said = ''",
        "DELETE FROM content", "UPDATE content SET rows = x'00'",
    ):  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            connection.execute(statement)
    connection.close()


def _bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>]><x>&a;</x>")
        package.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    return made.getvalue()


def test_a_hostile_workbook_among_ten_good_ones(tmp_path: Path) -> None:
    codes = list(RULES.submitting)
    (tmp_path / "收件箱").mkdir()
    for code in codes[:10]:
        fill(tmp_path / "收件箱" / f"{RULES.submitting[code]}.xlsx", county=code, enterprises=2)
    (tmp_path / "收件箱" / f"{RULES.submitting[codes[10]]}.xlsx").write_bytes(_bomb())
    done = desk.consolidate([tmp_path / "收件箱"], tmp_path / "全市.xlsx")
    assert [file for file, _ in done.errors] == [f"{RULES.submitting[codes[10]]}.xlsx"]
    assert [one.status for one in done.city.counties] == ["已报"] * 10 + ["无法读取"]
    assert sum(len(book.tables["enterprises"]) for book in done.city.books()) == 20
