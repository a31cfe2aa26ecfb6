"""A backup holds what was decided, and comes back without taking anything that lies there."""

import zipfile
from pathlib import Path

from addin.office import ledger
from tests.addin.conftest import Run


def a_city(folder: Path) -> Path:
    """Stands for a city workbook with a record beside it, which is all that a backup looks at."""
    folder.mkdir()
    (folder / "全市.xlsx").write_bytes(b"PK the city")
    with ledger.opened(folder, writing=True) as record:
        assert record
        record.keep("a", b"{}")
    return folder / "全市.xlsx"


def test_what_was_backed_up_comes_back_and_what_lies_there_is_kept(run: Run, tmp_path: Path) -> None:
    city, saved = a_city(tmp_path / "结果"), tmp_path / "备份.zip"
    assert run("ledger", "backup", city, "--out", saved).code == 0
    city.write_bytes(b"PK changed since")
    with ledger.opened(city, writing=True) as record:
        assert record
        record.keep("b", b"{}")
    ran = run("ledger", "restore", saved, "--out", city.parent)
    assert ran.code == 0 and "恢复前" in ran.out
    assert city.read_bytes() == b"PK the city"
    with ledger.opened(city) as record:
        assert record and record.has("a") and not record.has("b")
    kept = [path.read_bytes() for path in city.parent.glob("全市（恢复前*）.xlsx")]
    assert kept == [b"PK changed since"]
    assert "存" in run("ledger", "backup", city, "--out", saved).err  # it is there already


def test_what_is_no_backup_changes_nothing(run: Run, tmp_path: Path) -> None:
    city, saved = a_city(tmp_path / "结果"), tmp_path / "备份.zip"
    assert "没有什么可备份" in run("ledger", "backup", __file__, "--out", saved).err
    run("ledger", "backup", city, "--out", saved)
    for name in ("../全市.xlsx", "清单台账.sqlite"):
        with zipfile.ZipFile(saved) as good, zipfile.ZipFile(tmp_path / "坏.zip", "w") as bad:
            for one in good.namelist():
                content = b"other" if one == name else good.read(one)
                bad.writestr(name if one.endswith(".xlsx") and name.startswith("..") else one, content)
        ran = run("ledger", "restore", tmp_path / "坏.zip", "--out", city.parent)
        assert ran.code == 2 and ran.err.count("\n") == 1
    (tmp_path / "别的.zip").write_bytes(b"PK")
    assert "不是本程序的备份" in run("ledger", "restore", tmp_path / "别的.zip", "--out", city.parent).err
    assert city.read_bytes() == b"PK the city" and not list(tmp_path.glob("*.xlsx"))
