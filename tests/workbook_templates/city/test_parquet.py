"""The lists as Parquet: the same rows, typed, with their provenance; a plain message where pyarrow is missing."""

import importlib.util
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from addin.office import consolidation as desk
from addin.problems import Stop
from tests.addin.office.test_consolidation import ALONE, county, inbox
from validators.columns import INVENTORY


def test_every_row_stands_in_its_file_with_its_provenance(tmp_path: Path) -> None:
    books = [county("371502", "东昌府区", enterprises__run_days="三百天"), county("371503", "茌平区")]
    source = inbox(tmp_path / "收件箱", books)
    folder = tmp_path / "列"
    done = desk.consolidate([source], tmp_path / "全市.xlsx", exclusions=ALONE, parquet=folder)
    assert {path.stem for path in folder.iterdir()} == {sheet.title for sheet in INVENTORY.values()}
    for key, sheet in INVENTORY.items():
        rows = pq.read_table(folder / f"{sheet.title}.parquet").to_pylist()
        wanted = [(book, record) for book in done.city.books() for record in book.tables[key]]
        assert len(rows) == len(wanted)
        for row, (book, record) in zip(rows, wanted, strict=True):
            assert (row["填报区县"], row["来源文件"], row["来源行"]) == (book.county, book.file, record.row)
            for column in sheet.columns:
                if column.required != "auto":
                    assert row[column.header] == record[column.position]
    with pytest.raises(Stop, match="--force"):
        desk.consolidate([source], tmp_path / "又.xlsx", exclusions=ALONE, parquet=folder)


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "find_spec", lambda name: None if name == "pyarrow" else importlib.util.find_spec(name))
    with pytest.raises(Stop, match="pip install pyarrow"):
        desk.consolidate([tmp_path], tmp_path / "全市.xlsx", parquet=tmp_path / "列")
