"""What stands in the lists of a city workbook is known where this program wrote it; what comes of it is the same."""

import datetime as dt
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from addin.office import ledger
from addin.office.consolidation import consolidate
from addin.office.exporting import Exported, export
from addin.office.reproduction import reproduce
from addin.reading import cities, kept_readings
from addin.reading.isolation import Failure
from tests import inventory
from tests.inventory import write_file
from validators.columns import INVENTORY
from validators.decisions import GRADE, WAIVER, Decision
from validators.rule import judge
from workbook_templates.city.city_reader import read_city
from workbook_templates.submission.submission_workbook import manifest_path
from workbook_templates.xlsx.appearance import HEADER_ROW
from workbook_templates.xlsx.opened import open_workbook

NOT_FILED = dict.fromkeys(
    ("371521", "371522", "371524", "371525", "371526", "371581", "LC-JK", "LC-GX", "LC-DJ"), "试点"
)
LATER = dt.date(2020, 9, 9)


def of_chiping(**changes: Any) -> dict[str, list[dict[str, Any]]]:
    own = {"list_id": "371503-G-0001"}
    return {"enterprises": [{"district": "茌平区", "site": "茌平厂", **changes}], "lines": [own], "transport": [own]}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(inventory, "FIRST_ROW", HEADER_ROW + 1)  # rows stand where the template has them
    monkeypatch.setenv("QINGDAN_READINGS", str(tmp_path / "readings"))
    return tmp_path / "readings"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Two counties with what the reader puts right, with hidden rows, and of different days."""
    folder = tmp_path / "收件箱"
    folder.mkdir()
    odd = {
        "enterprises": [
            {"name": " 聊城　某某水泥（２）厂 ", "remark": "待定"},
            {"site": "二 厂", "longitude": 115.9911},
        ],
        "lines": [{"list_id": "371502-G-0001"}, {"list_id": "371502-G-0002"}],
        "transport": [{"list_id": "371502-G-0001"}, {"list_id": "371502-G-0002"}],
        "guarantee": [],
    }
    write_file(folder / "东昌府区.xlsx", odd, {"hide_row": f"企业基本信息!{HEADER_ROW + 1}"})
    write_file(folder / "茌平区.xlsx", of_chiping(), county="371503", filled_on=LATER)
    return folder


@pytest.fixture
def city(inbox: Path) -> Path:
    return together(inbox)


def together(inbox: Path) -> Path:
    out = inbox.parent / "全市.xlsx"
    done = consolidate([inbox], out, exclusions=NOT_FILED, overwrite=True)
    assert done.code == 0, done.findings
    return out


def known(city: Path) -> set[str]:
    """Counties whose rows need not be read."""
    return set(cities._known(open_workbook(city)))


def exported(city: Path, monkeypatch: pytest.MonkeyPatch, *, store: Path | None) -> tuple[Exported, bytes, bytes]:
    """What an export comes to: its result, the submission, and its manifest."""
    monkeypatch.setenv("QINGDAN_READINGS", str(store or ""))
    done = export(city, city.with_name("报省.xlsx"), overwrite=True)
    assert done.manifest is not None, done.findings
    out = Path(str(done.out))
    return done, out.read_bytes(), manifest_path(out).read_bytes()


def edited(city: Path, edit: Callable[[str, bytes], bytes]) -> None:
    """Change parts of a workbook, the others as they are packed."""
    before = city.read_bytes()
    with (
        zipfile.ZipFile(city.with_suffix(".old"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
        zipfile.ZipFile(city) as package,
    ):
        for name in package.namelist():
            made.writestr(zipfile.ZipInfo(name), edit(name, package.read(name)), zipfile.ZIP_DEFLATED, 1)
    city.write_bytes(city.with_suffix(".old").read_bytes())
    assert city.read_bytes() != before


def part_of(city: Path, title: str) -> str:
    return open_workbook(city).sheets[title].part


def test_an_export_is_the_same_byte_by_byte_with_what_is_kept_and_without(
    city: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ledger.opened(city, writing=True) as record:
        assert record
        for rule, county in (("GS10", "371502"), ("GS04", "371502"), ("JB07", "371502")):
            waiver = Decision(
                WAIVER, rule=rule, county=county, reason="已核", approver="张三", document="函1号", until=LATER
            )
            record.add(2020, waiver)
    assert known(city) == {"东昌府区.xlsx", "茌平区.xlsx"}
    assert exported(city, monkeypatch, store=store) == exported(city, monkeypatch, store=None)


def test_what_is_found_is_the_same_too(city: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_store = cities.read_and_judge(open_workbook(city))
    monkeypatch.setenv("QINGDAN_READINGS", "")
    read = cities.read_and_judge(open_workbook(city))
    assert with_store[1] == read[1]
    for ours, theirs in zip(with_store[0].books(), read[0].books(), strict=True):
        assert (ours.tables, ours.facts, ours.faults, ours.letters) == (
            theirs.tables, theirs.facts, theirs.faults, theirs.letters,
        )  # fmt: skip


def test_lists_that_are_known_are_not_read(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_workbook(city)
    titles: list[str] = []
    own = opened.grid
    monkeypatch.setattr(opened, "grid", lambda title: titles.append(title) or own(title))
    cities.read_and_judge(opened)
    assert titles and not {sheet.title for sheet in INVENTORY.values()} & {*titles}


def test_a_county_whose_rows_a_decision_changed_or_whose_cells_could_not_be_read_is_read(inbox: Path) -> None:
    city = together(inbox)
    with ledger.opened(city, writing=True) as record:
        assert record
        record.add(
            2020, Decision(GRADE, key="371502-G-0001", value="D", reason="核定", approver="张三", document="函1号")
        )
    consolidate([inbox], city, exclusions=NOT_FILED, overwrite=True)
    assert known(city) == {"茌平区.xlsx"}
    write_file(inbox / "茌平区.xlsx", of_chiping(run_days="三百天"), county="371503")
    consolidate([inbox], city, exclusions=NOT_FILED, overwrite=True)
    assert known(city) == set()


def test_what_the_lists_show_themselves_is_found_once(inbox: Path) -> None:
    write_file(inbox / "茌平区.xlsx", of_chiping(remark="与市?局商定"), county="371503", filled_on=LATER)
    city, kept = read_city(open_workbook(together(inbox)))
    found = [*kept, *(one for book in city.books() for one in judge(book))]
    assert [one.rule for one in found if one.file == "茌平区.xlsx" and "?" in one.message] == ["GS03"]


def test_a_list_that_somebody_wrote_in_is_read(city: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = part_of(city, "生产线减排措施")
    edited(city, lambda name, xml: xml.replace(b"<v>300</v>", b"<v>299</v>", 1) if name == part else xml)
    assert known(city) == set()
    assert exported(city, monkeypatch, store=store) == exported(city, monkeypatch, store=None)


def test_what_the_office_writes_in_is_read_always(city: Path) -> None:
    part = part_of(city, "全社会排放")

    def emission(name: str, xml: bytes) -> bytes:
        return xml.replace(b'<c r="B2"', b'<c r="B2"><v>12.5</v></c><c r="Z2"', 1) if name == part else xml

    assert cities.read(open_workbook(city))[0].imports.emissions == {}
    edited(city, emission)
    assert known(city) == {"东昌府区.xlsx", "茌平区.xlsx"}
    assert cities.read(open_workbook(city))[0].imports.emissions == {"so2": 12.5}


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b'{"a":1}', b'{"\xe4\xb8\x9c.xlsx":"../../etc/passwd"}', b"\xff", b'{"%s":"%s"}'],
    ids=["nothing", "a list", "a number", "another place", "no text", "another county's"],
)
def test_what_is_kept_wrongly_counts_as_none(
    said: bytes, city: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_workbook(city)
    key = kept_readings.key_for(cities.lists_digest(opened), cities._NAME)
    keys = json.loads(kept_readings.sealed(key) or b"{}")
    if b"%s" in said:
        said = json.dumps({"东昌府区.xlsx": keys["茌平区.xlsx"]}).encode()
    kept_readings.seal(key, said)
    assert known(city) == set()
    assert exported(city, monkeypatch, store=store) == exported(city, monkeypatch, store=None)


def test_an_audit_against_the_counties_believes_nothing_of_it(
    inbox: Path, city: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody with the user's rights puts other rows under the keys: the submission has them, and the audit says so."""
    keys = json.loads(
        kept_readings.sealed(kept_readings.key_for(cities.lists_digest(open_workbook(city)), cities._NAME)) or b""
    )
    kept = kept_readings.find(keys["茌平区.xlsx"], records=True)
    assert kept and kept[5]
    book: Any = kept[5]
    book.tables["enterprises"] = [one._replace(run_days=1.0) for one in book.tables["enterprises"]]
    packed = kept_readings.packed(kept)
    assert packed
    kept_readings.seal(keys["茌平区.xlsx"], packed)
    done, *_ = exported(city, monkeypatch, store=store)
    out = Path(str(done.out))
    check = reproduce(out, manifest_path(out).read_bytes(), [inbox])
    assert check.result == "不通过" and any("年运行" in one.what for one in check.evidence)
    exported(city, monkeypatch, store=None)
    monkeypatch.setenv("QINGDAN_READINGS", str(store))
    assert reproduce(out, manifest_path(out).read_bytes(), [inbox]).result == "通过"


def test_nothing_is_remembered_where_nothing_may_be_kept(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGDAN_READINGS", "")
    assert known(together(inbox)) == set() and not isinstance(together(inbox), Failure)
