"""What changed between two versions: rows that came and went, cells that changed, and nothing else."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from tests.inventory import make_book
from validators.columns import SHEETS
from validators.versions import differences

ROW = [None] * len(SHEETS["transport"].columns)


def transport(*rows: tuple[str, int]) -> dict[str, list[list[object]]]:
    made = []
    for list_id, trucks in rows:
        row: list[object] = list(ROW)
        row[SHEETS["transport"]["list_id"].position] = list_id
        row[SHEETS["transport"]["trucks"].position] = trucks
        made.append(row)
    return {"transport": made}


def test_rows_that_come_and_go_and_cells_that_change() -> None:
    before, after = transport(("a", 1), ("b", 2), ("c", 3)), transport(("c", 3), ("a", 9), ("d", 4))
    found = [(one.kind, one.key, one.field, one.before, one.after) for one in differences(before, after)]
    assert found == [
        ("移出", "b", None, None, None),
        ("修改", "a", "trucks", 1, 9),
        ("新增", "d", None, None, None),
    ]


def test_days_are_the_same_as_texts_and_whole_numbers_as_decimals() -> None:
    book = make_book({})
    kept = {
        key: [[v.isoformat() if isinstance(v, dt.date) else v for v in record[:-2]] for record in records]
        for key, records in book.tables.items()
    }
    assert list(differences(kept, book.tables)) == []


rows = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3)), max_size=8)


@given(rows, rows)
def test_what_one_way_adds_the_other_way_takes_away(one: list[tuple[str, int]], other: list[tuple[str, int]]) -> None:
    there, back = (list(differences(transport(*a), transport(*b))) for a, b in ((one, other), (other, one)))
    swapped = {"新增": "移出", "移出": "新增", "修改": "修改"}
    assert sorted((swapped[c.kind], c.key, str(c.after), str(c.before)) for c in there) == sorted(
        (c.kind, c.key, str(c.before), str(c.after)) for c in back
    )
    assert list(differences(transport(*one), transport(*one))) == []
