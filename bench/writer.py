"""What writing a county's lists costs, ours against the usual libraries: `python bench/writer.py`.

1,000 enterprises of 43 columns and 2,770 lines of 52, 187,040 cells mixed as in the inventory: two fifths
numbers, an eighth texts that occur once, the rest drop-down values, dates, blanks. CPU time, best of three.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import xlsxwriter

sys.path.insert(0, str(Path(__file__).parents[1]))
from workbook_templates.xlsx.writer import Head, ListSheet, Value, write_workbook

Tables = dict[str, list[list[Value]]]


def make_tables() -> Tables:
    """Two lists with the mixture of values that counties file; always the same."""
    chance = random.Random(2020)  # noqa: S311 - test data, no secret
    choices = [[f"选项{column}之{number}" for number in range(2 + column % 9)] for column in range(20)]

    def row(key: str, *, own: int, chosen: int, decimals: int, whole: int, dates: int, blank: int) -> list[Value]:
        return [
            key,
            *(f"{key}的第{number}项说明" for number in range(own - 1)),
            *(chance.choice(choices[number % 20]) for number in range(chosen)),
            *(round(chance.uniform(0, 900), 2) for _ in range(decimals)),
            *(chance.randrange(367) for _ in range(whole)),
            *(date(2020, 1 + chance.randrange(12), 1 + chance.randrange(28)) for _ in range(dates)),
            *(None for _ in range(blank)),
        ]

    return {
        "企业基本信息": [
            row(f"371502-G-{n:04d}", own=11, chosen=16, decimals=6, whole=2, dates=3, blank=5) for n in range(1_000)
        ],
        "生产线减排措施": [
            row(f"371502-G-{n:04d}-L01", own=5, chosen=16, decimals=23, whole=4, dates=0, blank=4) for n in range(2_770)
        ],
    }


def ours(tables: Tables, target: Path) -> None:
    sheets = [
        ListSheet(name, [Head(f"列{number}", "text", 12) for number in range(len(rows[0]))], rows)
        for name, rows in tables.items()
    ]
    write_workbook(target, sheets, date(2020, 8, 31), overwrite=True)


def with_openpyxl(tables: Tables, target: Path) -> None:
    workbook = openpyxl.Workbook(write_only=True)
    for name, rows in tables.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(target)


def with_xlsxwriter(tables: Tables, target: Path) -> None:
    with xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        for name, rows in tables.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def with_pandas(tables: Tables, target: Path) -> None:
    with pd.ExcelWriter(target) as workbook:
        for name, rows in tables.items():
            pd.DataFrame(rows).to_excel(workbook, sheet_name=name, index=False)


def main() -> None:
    tables = make_tables()
    writers: dict[str, Callable[[Tables, Path], None]] = {
        "ours": ours,
        "XlsxWriter": with_xlsxwriter,
        "openpyxl write-only": with_openpyxl,
        "pandas.to_excel": with_pandas,
    }
    seconds = dict.fromkeys(writers, float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.xlsx")
        for _ in range(3):
            for name, write in writers.items():
                start = time.process_time()
                write(tables, target)
                seconds[name] = min(seconds[name], time.process_time() - start)
                target.unlink()
    for name, taken in seconds.items():
        print(f"{name:20} {taken * 1000:6.0f} ms CPU {taken / seconds['ours']:6.1f} times ours")


if __name__ == "__main__":
    main()
