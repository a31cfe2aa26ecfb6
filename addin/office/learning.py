"""`qingdan layout`: a layout proposed for a table that was never seen, and those that come with the program."""

from pathlib import Path

from addin.cli.terminal import document, progress, say
from addin.problems import Stop, output
from addin.reading.isolation import LARGE_MEMORY, Failure, each
from addin.reading.layouts import layout_of
from addin.reading.ruleset_store import rules_of
from validators.columns import letter
from validators.findings import Json
from validators.ruleset import load
from workbook_templates.county.reader import UnreadableWorkbook
from workbook_templates.layouts.declared import Layout, as_csv, chinese, shipped
from workbook_templates.layouts.learnt import SURE, Learnt, json_grain, layout_from, learn
from workbook_templates.layouts.tables import read_tables

LEAST = 0.2
"""Of the weight of the sheet that was recognised best: others with less are no lists."""


def learn_layout(table: str, *, out: str, year: str | None, force: bool, as_json: bool) -> int:
    """Propose a layout and write it; returns the exit code."""
    path, target = Path(table), Path(out)
    if not path.is_file():
        raise Stop(f"“{table}”不存在，或不是文件。请核对路径。")
    rules = rules_of(year)
    with progress("认表"), output(target, force=force, inputs=[path], suffix=".csv") as file:
        learnt = propose(path, rules.id)
        layout = layout_from(path.stem, learnt)
        notes = {
            (at, place): (column.score, column.samples)
            for at, one in enumerate(learnt)
            for place, column in enumerate(one.columns)
        }
        file.write(b"\xef\xbb\xbf" + as_csv(layout.tables, notes).encode())
    unsure = [column for one in learnt for column in one.columns if column.means is None or column.score < SURE]
    if as_json:
        first, *more = map(_json, learnt)
        document(first | {"out": out} | ({"more": more} if more else {}))
    else:
        for one in learnt:
            _show(one)
        say(f"已写出 {out}。" + (f"有 {len(unsure)} 列请核对“含义”，再用 qingdan import 导入。" if unsure else ""))
    return 1 if unsure else 0


def propose(path: Path, rules: str) -> list[Learnt]:
    """What is proposed for the sheets of a table, the surest first. Raises `Stop`."""
    [found] = each(_learn, [(path, rules)], memory=LARGE_MEMORY)
    if isinstance(found, Failure):
        raise Stop(found.message)
    return list(found)


def _learn(path: Path, rules: str) -> list[Learnt]:
    """In a child."""
    try:
        foreign = read_tables(path)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error
    own = [one for grid in foreign.sheets if (one := learn(grid, load(rules)))]
    own.sort(key=lambda one: -one.weight)
    if not own:
        raise Stop(
            f"“{path.name}”里没有认出表头。表头应在上面 40 行里，一列一个；横放的表请先转置，没有表头的请先补上一行。"
        )
    return [one for one in own if one.weight >= LEAST * own[0].weight]


def _json(one: Learnt) -> Json:
    """The contract's object."""
    return {
        "sheet": one.sheet,
        "head_rows": list(one.heading.rows),
        "grain": json_grain(one.grain),
        "columns": [
            {"column": letter(column.place), "head": column.head, "means": column.means, "unit": column.unit or None,
             "score": column.score, "samples": column.samples}
            for column in one.columns
        ],
    }  # fmt: skip


def _show(one: Learnt) -> None:
    rows = "、".join(map(str, one.heading.rows))
    say(f"《{one.sheet}》表头在第 {rows} 行，每行是一{'家' if one.grain == '企业' else '个'}{one.grain}")
    for column in one.columns:
        sure = "✓" if column.means and column.score >= SURE else "？"
        near = f"（留空，最接近{chinese(column.nearest)}）" if column.nearest else "（留空）"
        means = chinese(column.means) if column.means else near
        sample = f"  例：{'、'.join(column.samples)[:40]}" if column.samples else ""
        say(f"  {sure} {letter(column.place)} {column.head} → {means}  {column.score:.2f}{sample}")


def show_layout(name: str, *, out: str | None, force: bool, as_json: bool) -> int:
    """List the layouts that come with the program, or show one; returns the exit code."""
    if not name:
        found = {one: _heads(layout_of(one)) for one in shipped()}
        if as_json:
            document({"layouts": [{"name": one, "heads": heads} for one, heads in found.items()]})
        else:
            for one, heads in found.items():
                say(f"{one}  {len(heads)} 列：{'、'.join(heads[:5])}……")
        return 0
    layout = layout_of(name)
    if out is not None:
        with output(Path(out), force=force, suffix=".csv") as file:
            file.write(b"\xef\xbb\xbf" + layout.text.encode())
    if as_json:
        document({"name": layout.name, "out": out, "text": layout.text})
    else:
        say(f"已写出 {out}。" if out is not None else layout.text.rstrip())
    return 0


def _heads(layout: Layout) -> list[str]:
    return [entry.head for table in layout.tables for entry in table.entries]
