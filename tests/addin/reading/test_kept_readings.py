"""What was read once is not read again; what is kept can mislead nobody."""

import datetime as dt
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from addin.office.checking import check
from addin.reading import kept_readings, workbooks
from addin.reading.isolation import Failure
from addin.reading.workbooks import Reading, read_all
from tests.inventory import make_book, write_file
from validators.findings import Finding

WRONG = {"enterprises": [{"uscc": "91371502MA3C0TBL9X", "grade": "A"}, {}]}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = tmp_path / "kept" / "readings"
    monkeypatch.setenv("QINGDAN_READINGS", str(own))
    return own


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return write_file(tmp_path / "东昌府区.xlsx", WRONG)


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were given to children."""
    given: list[str] = []
    own = workbooks.each

    def each(function: Any, items: Sequence[tuple[Any, ...]]) -> Any:
        given.extend(item[0].name for item in items)
        return own(function, items)

    monkeypatch.setattr(workbooks, "each", each)
    return given


def readings(path: Path, **asked: Any) -> Reading | Failure:
    [found] = read_all([path], **asked)
    return found


def findings(path: Path, **asked: Any) -> list[Finding]:
    found = readings(path, **asked)
    assert isinstance(found, Reading) and found.findings
    return found.findings


def test_what_was_read_once_is_not_read_again(county: Path, children: list[str], store: Path) -> None:
    first = check([county])
    assert check([county]).to_json() == first.to_json()
    with_records = readings(county, records=True, kind="inventory")
    assert isinstance(with_records, Reading) and with_records.book
    assert with_records.findings == first.readings[0].findings
    assert with_records.book.content() == make_book(WRONG).content()
    assert children == [county.name]
    assert sys.platform == "win32" or not store.stat().st_mode & 0o077


@pytest.mark.parametrize(
    "asked",
    [{"on": dt.date(2021, 9, 9)}, {"judged": False}, {"rules": "2020"}, {"returned": True}, {"anew": True}],
    ids=lambda asked: next(iter(asked)),
)
def test_another_question_is_answered_anew(county: Path, children: list[str], asked: dict[str, Any]) -> None:
    readings(county)
    readings(county, **asked)
    assert len(children) == 2


def test_a_changed_a_renamed_and_an_undated_file_is_read(county: Path, children: list[str]) -> None:
    first = findings(county)
    renamed = findings(county.rename(county.with_name("县.xlsx")))
    assert {one.file for one in renamed} == {"县.xlsx"} and len(renamed) == len(first)
    write_file(county, {**WRONG, "enterprises": WRONG["enterprises"][:1]})
    assert findings(county) != first
    undated = write_file(county.with_name("无日期.xlsx"), WRONG, filled_on=None)
    findings(undated)
    findings(undated)
    assert len(children) == 5


def test_another_program_and_other_rule_sets_read_for_themselves(
    county: Path, children: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = findings(county)
    rules = tmp_path / "rules"
    rules.mkdir()
    monkeypatch.setenv("QINGDAN_RULESETS", str(rules))
    (rules / "2020.1.json").write_text("{}")
    readings(county)
    (rules / "2020.1.json").unlink()
    assert findings(county) == first and len(children) == 2
    monkeypatch.setattr(kept_readings, "_program", lambda: "another")
    assert findings(county) == first and len(children) == 3


def test_what_was_refused_is_refused_again_with_the_same_words(
    tmp_path: Path, children: list[str], store: Path, county: Path
) -> None:
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"PK\3\4 and no more")
    first = readings(broken)
    assert isinstance(first, Failure) and readings(broken) == first
    assert not store.exists()
    findings(county)
    refused = readings(county, kind="grading")
    assert isinstance(refused, Failure) and "不能用在这里" in refused.message
    assert children == [broken.name, broken.name, county.name, county.name]


def damages() -> dict[str, Any]:
    def swapped(data: bytes) -> bytes:
        """Whole in itself, but of another file."""
        return data.replace(data.splitlines()[1], b"0" * 64)

    def listed(data: bytes) -> bytes:
        """A value that none of ours is."""
        length, _, parts = data.split(b"\n", 3)[3].partition(b"\n")
        head = json.loads(zlib.decompress(parts[: int(length)]))
        head["findings"][0][8] = [1]
        packed = zlib.compress(json.dumps(head).encode())
        return resealed(data, str(len(packed)).encode() + b"\n" + packed + parts[int(length) :])

    def misplaced(place: int) -> Callable[[bytes], bytes]:
        """A cell whose text is none of the book's."""

        def damaged(data: bytes) -> bytes:
            length, _, parts = data.split(b"\n", 3)[3].partition(b"\n")
            body = json.loads(zlib.decompress(parts[int(length) :]))
            sheet = body["sheets"]["enterprises"]
            sheet["columns"][sheet["texts"][0]][0] = place
            packed = parts[: int(length)] + zlib.compress(json.dumps(body).encode())
            return resealed(data, length + b"\n" + packed)

        return damaged

    return {
        "cut": lambda data: data[:-7],
        "flipped": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "nothing": lambda _: b"",
        "another file's": swapped,
        "a pickle": lambda _: b"cos\nsystem\n(S'touch pwned'\ntR.",
        "unpacks to too much": lambda data: resealed(data, b"3\n" + bytes(10)),
        "a list for a value": listed,
        "a text before the first": misplaced(-1),
        "a text after the last": misplaced(1 << 20),
        "other JSON": lambda data: resealed(data, b"2\n{}{}"),
    }


def resealed(data: bytes, packed: bytes) -> bytes:
    format_, key, *_ = data.splitlines()
    return b"\n".join([format_, key, kept_readings.sha256(packed).hexdigest().encode(), packed])


@pytest.mark.parametrize("damage", sorted(damages()))
def test_a_damaged_reading_counts_as_none_and_is_written_anew(
    damage: str, county: Path, children: list[str], store: Path
) -> None:
    first = findings(county)
    [kept] = store.iterdir()
    good = kept.read_bytes()
    kept.write_bytes(damages()[damage](good))
    assert findings(county, records=True) == first
    assert kept.read_bytes() == good and len(children) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows 的文件夹权限不是这样表示的")
def test_a_folder_that_others_can_reach_is_not_used(county: Path, children: list[str], store: Path) -> None:
    store.mkdir(parents=True, mode=0o755)
    store.chmod(0o755)
    findings(county)
    findings(county)
    assert len(children) == 2 and not list(store.iterdir())
    store.chmod(0o700)
    findings(county)
    [kept] = store.iterdir()
    elsewhere = kept.rename(store.parent / kept.name)
    kept.symlink_to(elsewhere)
    findings(county)
    assert len(children) == 4 and not kept.is_symlink()
    kept.unlink()
    os.mkfifo(kept)
    findings(county)
    assert len(children) == 5
    for path in store.iterdir():
        path.unlink()
    store.rmdir()
    other = store.with_name("other")
    other.mkdir(mode=0o700)
    store.symlink_to(other)
    findings(county)
    assert len(children) == 6 and not list(other.iterdir())


def test_where_nothing_can_be_kept_all_is_as_it_was(
    county: Path, children: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for given in (str(tmp_path / "file" / "readings"), "/proc/none/readings", ""):
        monkeypatch.setenv("QINGDAN_READINGS", given)
        findings(county)
    assert len(children) == 3


def test_the_user_s_own_cache_folder_is_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("QINGDAN_READINGS")
    monkeypatch.setenv("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", str(tmp_path))
    assert kept_readings.folder() == tmp_path / "qingdan" / "读过的表"


def test_the_oldest_go_when_there_is_no_more_room(
    tmp_path: Path, store: Path, children: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_file(tmp_path / f"{number}.xlsx", WRONG, revision=number) for number in range(1, 4)]
    findings(files[0])
    [one] = store.iterdir()
    monkeypatch.setattr(kept_readings, "ROOM", int(2.5 * one.stat().st_size))
    findings(files[1])
    os.utime(one)  # it was used
    for path in store.iterdir():
        if path != one:
            os.utime(path, (0, 0))
    left = store / ".left.tmp"
    left.write_bytes(b"")
    os.utime(left, (0, 0))
    findings(files[2])
    assert one.exists() and not left.exists() and len(list(store.iterdir())) == 2


def test_two_processes_at_once_do_not_hinder_each_other(county: Path, store: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "addin", "check", "--json", str(county)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    said = {one.communicate() for one in running}
    assert len(said) == 1 and len(list(store.iterdir())) == 1
    assert subprocess.run(command, capture_output=True, check=False).stdout in {out for out, _ in said}
