"""The rules that look across counties, as SQL over the lists of a made-up nation: `python -m bench.nation` writes docs/规模.md.

The lists of the made-up city (`qingdan consolidate --parquet`) are repeated, with codes of their own, until there are
31 provinces with 2.5 million enterprises: NATION/province=NN/<sheet>.parquet, one schema, a row group for each county.
`nation.sql` is run over them by DuckDB in one process and by Spark as a cluster of several (Java 17 has to be there;
pyspark is fetched into `bench/data/`). `python -m bench.nation duckdb|spark` runs one engine and prints what each query
took; `python -m bench.nation check FILE` compares DuckDB with our rules on a city workbook.
"""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench import data
from bench.run import ROOT, Cost, commit, measured, typed
from validators.columns import LEVELS, POLLUTANTS, SHEETS
from validators.guarantee_list import OTHERWISE, extents
from validators.settlement import City, crossings, reductions
from workbook_templates.county.sheet_layout import PROVENANCE

HERE = Path(__file__).parent
CITY, NATION, SPARK = (data.DATA / name for name in ("city-parquet", "nation", "spark"))
PROVINCES, TIMES = 31, 8
"""Provinces, and how many times the made-up city stands in each."""
UNKNOWN = 500
"""Codes of the other list that no county has."""
MEMORY = "3GB"
THREADS = 2
COUNTY = "填报区县"
LISTED = "listed.parquet"
"""Another list of enterprises: code and name."""
TITLES = {key: SHEETS[key].title for key in ("enterprises", "lines", "dust", "mobile", "guarantee")}
Run = Callable[[str], list[tuple[Any, ...]]]


def make() -> None:
    """The nation's lists. Every county's first enterprise has the code of the next county's first one: HZ02 finds them."""
    shutil.rmtree(NATION, ignore_errors=True)
    with ProcessPoolExecutor() as processes:
        list(processes.map(make_province, range(PROVINCES)))
    listed = [row[0] for row in duckdb_run()("SELECT uscc FROM enterprises ORDER BY uscc LIMIT 1000000")]
    listed += [f"X{number:017d}" for number in range(UNKNOWN)]  # that no county has
    pq.write_table(pa.table({"uscc": listed, "name": ["虚构企业"] * len(listed)}), NATION / LISTED)


def make_province(number: int) -> None:
    """The lists of a province: those of the city, `TIMES` times."""
    folder = NATION / f"province={11 + number}"
    folder.mkdir(parents=True)
    for key, title in TITLES.items():
        whole = pq.read_table(CITY / f"{title}.parquet")
        codes = sorted(set(whole[COUNTY].to_pylist()))
        own = {code: whole.filter(pc.equal(whole[COUNTY], code)) for code in codes}
        with pq.ParquetWriter(folder / f"{title}.parquet", whole.schema) as writer:
            for again in range(TIMES):
                for place, code in enumerate(codes):
                    writer.write_table(moved(key, own[code], code, f"{11 + number}{again}{place:03d}"))


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
    spark.sparkContext.setLogLevel("ERROR")
    atexit.register(spark.stop)
    for key, title in TITLES.items():
        paths = map(str, sorted(folder.glob(f"province=*/{title}.parquet")))
        files = spark.read.option("basePath", str(folder)).parquet(*paths)
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


_OFF_HALF = 1 + 3e-11


def hash_of(row: tuple[Any, ...]) -> int:
    """The same for the same row in both engines: numbers to nine digits.

    Sums of short decimals often lie halfway between two of those, one engine's a hair below: all are moved off it.
    """
    return zlib.crc32(
        repr([f"{value * _OFF_HALF:.9g}" if isinstance(value, float) else str(value) for value in row]).encode()
    )


def engine(name: str) -> tuple[Cost, dict[str, tuple[float, int, int]]]:
    """What an engine cost in a process of its own, and of each query its seconds, its rows and their hash."""
    path = os.pathsep.join(map(str, (ROOT, SPARK)))
    cost = measured([sys.executable, "-m", "bench.nation", name], {**os.environ, "PYTHONPATH": path})
    return cost, {
        query: (seconds, rows, told) for query, seconds, rows, told in map(json.loads, cost.said.split("\n")[:-1])
    }


def page() -> None:
    """Make everything anew, measure it, and write docs/规模.md. Raises RuntimeError where the engines differ."""
    folder = data.city()
    with TemporaryDirectory() as out:
        shutil.rmtree(CITY, ignore_errors=True)
        made = typed(
            "consolidate", folder, "--out", Path(out, "全市.xlsx"), "--parquet", CITY, readings=Path(out, "readings")
        )
        sizes = [Path(out, name).stat().st_size for name in ("全市.xlsx", "清单台账.sqlite")]
    sizes.append(sum(path.stat().st_size for path in CITY.iterdir()))
    make()
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "-q", "--target", SPARK, "pyspark"], check=True)
    duck, by_duck = engine("duckdb")
    spark, by_spark = engine("spark")
    counted = duckdb_run()
    [(enterprises,)], [(lines,)] = (counted(f"SELECT count(*) FROM {name}") for name in ("enterprises", "lines"))  # noqa: S608 - our own names
    planted = {"hz02": 8 * TIMES * PROVINCES, "jb12": UNKNOWN}
    rows = []
    for name, (seconds, number, told) in by_duck.items():
        if (number, told) != by_spark[name][1:] or planted.get(name, number) != number:
            raise RuntimeError(
                f"{name}: {number} rows in DuckDB, {by_spark[name][1]} in Spark, planted {planted.get(name)}"
            )
        rows.append(f"| {QUERIES[name]} | {number:,} 行 | {seconds:.1f} 秒 | {by_spark[name][0]:.1f} 秒 |")
    both = f"{duck.cpu:.0f} 秒，{duck.peak:,.0f} MiB | {spark.cpu:.0f} 秒，{spark.peak:,.0f} MiB"
    rows.append(f"| 四条合计，含启动：CPU 时间，内存峰值 | | {both} |")
    whole = sum(path.stat().st_size for path in NATION.rglob("*.parquet"))
    said = {
        "commit": commit(),
        "city": f"{made.said['totals']['enterprises']:,} 家企业、{made.said['totals']['lines']:,} 条生产线",
        "sizes": "\n".join(f"| {what} | {size / 1e6:.1f} |" for what, size in zip(KEPT, sizes, strict=True)),
        "nation": f"{PROVINCES} 个省、{PROVINCES * TIMES * 11:,} 个县，{enterprises:,} 家企业、{lines:,} 条生产线，{whole / 1e9:.1f} GB",
        "planted": f"种下的 {planted['hz02']:,} 行跨县区重复和 {UNKNOWN} 个清单里没有的代码，两个引擎都全部找到，没有多的",
        "engines": "\n".join(rows),
        "versions": "、".join(
            f"{one.name} {one.version}"
            for name in ("duckdb", "pyspark")
            for one in distributions(name=name, path=[*sys.path, str(SPARK)])
        ),
    }
    text = (HERE / "scale.md").read_text(encoding="utf-8")
    for name, value in said.items():
        text = text.replace(f"{{{name}}}", value)
    (ROOT / "docs" / "规模.md").write_text(text, encoding="utf-8")


QUERIES = {
    "hz02": "跨县区重复（HZ02）",
    "jb12": "别的名单里有、清单里没有（JB12 的核心，100 万个代码）",
    "totals": "各省各级别各污染物的减排量合计和占比",
    "guarantee": "各县保障类占排放的比重",
}
KEPT = ("全市汇总 .xlsx", "台账里各县区的内容（每版只存变了的县区）", "同样的清单，列式文件（`--parquet`）")


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
    match sys.argv[1:]:
        case []:
            page()
        case ["check", workbook]:
            check(Path(workbook))
        case ["duckdb"]:
            timed(duckdb_run())
        case ["spark"]:
            timed(spark_run())
        case _:
            sys.exit("python -m bench.nation [duckdb|spark|check FILE]")
