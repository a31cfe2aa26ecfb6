"""The rules that look across counties, as SQL over the lists of a made-up nation: `python -m bench.nation make|duckdb|spark|check FILE`.

`make` takes the lists of the made-up city (`qingdan consolidate --parquet`) and repeats them, with codes of their own,
until there are 31 provinces with 2.5 million enterprises: NATION/province=NN/<sheet>.parquet, one schema, a row group
for each county. `duckdb` and `spark` run `nation.sql` over them and print what each query took; `check` compares it
with our rules on the city. `spark` needs pyspark and Java, which are no part of the project's own environment.
"""

import json
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from validators.columns import LEVELS, POLLUTANTS, SHEETS
from validators.guarantee_list import OTHERWISE, extents
from validators.settlement import City, crossings, reductions
from workbook_templates.county.sheet_layout import PROVENANCE

HERE = Path(__file__).parent
CITY, NATION = HERE / "data" / "city-parquet", HERE / "data" / "nation"
PROVINCES, TIMES = 31, 8
"""Provinces, and how many times the made-up city stands in each."""
MEMORY = "3GB"
THREADS = 2
COUNTY = "填报区县"
LISTED = "listed.parquet"
"""Another list of enterprises: code and name."""
TITLES = {key: SHEETS[key].title for key in ("enterprises", "lines", "dust", "mobile", "guarantee")}
Run = Callable[[str], list[tuple[Any, ...]]]


def make() -> None:
    """The nation's lists. Every county's first enterprise has the code of the next county's first one: HZ02 finds them."""
    for number in range(PROVINCES):
        folder = NATION / f"province={11 + number}"
        folder.mkdir(parents=True, exist_ok=True)
        for key, title in TITLES.items():
            whole = pq.read_table(CITY / f"{title}.parquet")
            codes = sorted(set(whole[COUNTY].to_pylist()))
            own = {code: whole.filter(pc.equal(whole[COUNTY], code)) for code in codes}
            with pq.ParquetWriter(folder / f"{title}.parquet", whole.schema) as writer:
                for again in range(TIMES):
                    for place, code in enumerate(codes):
                        writer.write_table(moved(key, own[code], code, f"{11 + number}{again}{place:03d}"))
    listed = [row[0] for row in duckdb_run()("SELECT uscc FROM enterprises ORDER BY uscc LIMIT 1000000")]
    listed += [f"X{number:017d}" for number in range(500)]  # that no county has
    pq.write_table(pa.table({"uscc": listed, "name": ["虚构企业"] * len(listed)}), NATION / LISTED)


def moved(key: str, table: pa.Table, code: str, new: str) -> pa.Table:
    """A county's rows as another county's."""
    for column in SHEETS[key].columns:
        if column.header not in table.column_names:
            continue
        values = table[column.header]
        if column.kind in ("id", "ref", "refs"):
            values = pc.replace_substring(values, code, new)
        elif column.field == "uscc":
            values = pc.binary_join_element_wise(
                pc.utf8_slice_codeunits(values, 0, 2), new, pc.utf8_slice_codeunits(values, 8, 18), ""
            )
            place = int(new[3:])
            shared = f"91{new[:3]}SHARED{place // 2:07d}" if place else values[0].as_py()
            values = pa.chunked_array([pa.array([shared, *values.to_pylist()[1:]], pa.string())])
        elif column.field == "site" and key == "enterprises":
            values = pa.chunked_array([pa.array([None, *values.to_pylist()[1:]], pa.string())])
        else:
            continue
        table = table.set_column(table.column_names.index(column.header), column.header, values)
    return table.set_column(table.column_names.index(COUNTY), COUNTY, pa.array([new] * len(table), pa.string()))


def views(quote: str, source: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Name and text of each view: the sheets with their columns called as in code, and what the queries add up."""
    for key in TITLES:
        own = [c for c in SHEETS[key].columns if c.required != "auto"]
        names = ", ".join(f"{quote}{column.header}{quote} AS {column.field}" for column in own)
        place = f"{quote}{COUNTY}{quote} AS county, {quote}{PROVENANCE[2]}{quote} AS source_row"
        place += ", cast(province AS string) AS province"
        yield key, f"SELECT {names}, {place} FROM {source(key)}"  # noqa: S608 - our own names
    daily = " + ".join(f"coalesce({name}_daily, 0)" for name in POLLUTANTS)
    yield (
        "emitted",
        (
            f"SELECT county, list_id, line_id, {daily} AS daily FROM lines UNION ALL "  # noqa: S608 - our own names
            "SELECT county, list_id, cast(NULL AS string), coalesce(pm_daily, 0) FROM dust"
        ),
    )
    cuts = [
        f"SELECT province, '{level}' AS level, '{name}' AS pollutant, coalesce({level}_{field}_cut, 0) AS cut, "  # noqa: S608 - the same
        f"coalesce({name}_daily, 0) AS daily FROM {key}"
        for level in LEVELS
        for key, name, field in (
            *((key, name, name) for key in ("lines", "mobile") for name in POLLUTANTS),
            ("dust", "pm", "dust"),
        )
    ]
    yield "cuts", " UNION ALL ".join(cuts)


def queries() -> dict[str, str]:
    """The queries of `nation.sql` by name."""
    return dict(re.findall(r"^-- (\w+): .*\n([^;]*);", (HERE / "nation.sql").read_text(encoding="utf-8"), re.MULTILINE))


def duckdb_run(folder: Path = NATION) -> Run:
    """DuckDB in this process, with a limit on its memory."""
    import duckdb

    engine = duckdb.connect()
    engine.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}; SET preserve_insertion_order = false")

    def files(key: str) -> str:
        return f"read_parquet('{folder}/province=*/{TITLES[key]}.parquet', hive_partitioning = true)"

    for name, text in views('"', files):
        engine.execute(f"CREATE VIEW {name} AS {text}")
    if (folder / LISTED).exists():
        engine.execute(f"CREATE VIEW listed AS SELECT * FROM '{folder}/{LISTED}'")  # noqa: S608 - our own names
    return lambda text: engine.execute(text).fetchall()


def spark_run(folder: Path = NATION) -> Run:
    """Spark as a cluster of two workers, each a process, on this machine."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": "1g",
        "spark.executor.memory": "1g",
        "spark.sql.shuffle.partitions": "16",
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").appName("qingdan")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    for key, title in TITLES.items():
        files = spark.read.option("basePath", str(folder)).parquet(f"{folder}/province=*/{title}.parquet")
        files.createOrReplaceTempView(f"list_{key}")
    for name, text in views("`", "list_{}".format):
        spark.sql(text).createOrReplaceTempView(name)
    spark.read.parquet(f"{folder}/{LISTED}").createOrReplaceTempView("listed")
    return lambda text: [tuple(row) for row in spark.sql(text).collect()]


def timed(run: Run) -> None:
    """Each query: its wall-clock seconds, its rows, and a number that tells two results apart."""
    for name, text in queries().items():
        start = time.monotonic()
        rows = run(text)
        seconds = time.monotonic() - start
        told = sum(hash_of(row) for row in rows) % 10**12
        print(json.dumps([name, round(seconds, 2), len(rows), told]), flush=True)


def hash_of(row: tuple[Any, ...]) -> int:
    """The same for the same row in both engines: numbers to nine digits."""
    return zlib.crc32(repr([f"{value:.9g}" if isinstance(value, float) else str(value) for value in row]).encode())


def check(workbook: Path) -> None:
    """Print of each query whether it gives of a city workbook what our rules give; three of its sites are given to two counties."""
    from addin.reading.inventories import read_inventories

    city, _ = read_inventories([workbook], lambda *_: None)
    one, other = list(city.books())[:2]
    for place in range(3):
        twin = one.tables["enterprises"][place]
        mine = other.tables["enterprises"]
        mine[place] = mine[place]._replace(uscc=twin.uscc, site=twin.site)
    for name, (theirs, ours) in both(city).items():
        print(name, len(theirs), "same" if theirs == ours else f"DIFFERENT: {set(theirs) ^ set(ours)}")


def both(city: City) -> dict[str, tuple[list[Any], list[Any]]]:
    """What each query gives of a city in DuckDB, and what our rules give."""
    from workbook_templates.city.parquet import write_parquet

    known = next(city.books()).tables["enterprises"][0].uscc
    with TemporaryDirectory() as folder:
        write_parquet(Path(folder, "province=37"), city, overwrite=True)
        pq.write_table(pa.table({"uscc": [known, "absent"], "name": ["", "虚构企业"]}), Path(folder, LISTED))
        run = duckdb_run(Path(folder))
        found = {name: run(text) for name, text in queries().items()}
    crossed = [(r.uscc, r.site or "", book.county, r.row) for rows in crossings(city).values() for book, r in rows]
    cut = reductions(city.books())
    names = city.ruleset.submitting
    groups = tuple({row["duty"] or OTHERWISE for row in city.ruleset.tables["guarantee"]})
    extent = [(one.county, one.enterprises, one.number, round(one.share, 12)) for one in extents(city, groups)]
    return {
        "hz02": (found["hz02"], sorted(crossed)),
        "jb12": (found["jb12"], [("absent", "虚构企业")]),
        "totals": (
            [(level, name, round(tons, 6)) for _, level, name, tons, _ in found["totals"]],
            sorted((level, name, round(kg / 1000, 6)) for level, own in cut.items() for name, kg in own.items()),
        ),
        "guarantee": (
            sorted((names[code], firms, sites, round(share, 12)) for code, firms, sites, share in found["guarantee"]),
            sorted(one for one in extent if one[2]),
        ),
    }


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    elif sys.argv[1] == "check":
        check(Path(sys.argv[2]))
    else:
        timed({"duckdb": duckdb_run, "spark": spark_run}[sys.argv[1]]())
