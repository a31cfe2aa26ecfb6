"""The whole of the mutants of `tests.mutants`: `python -m bench.mutation [SEED]`; tables as Markdown.

Each mutant of a submission is audited twice: alone, as if no manifest had ever been seen, and with its manifest. What
gets through alone is read by two other readers; where they see something else than before, the submission is also
reproduced from the county's workbook (AU10), as if somebody had made a new manifest to fit. Whatever gets through alone
is also searched for formulas, macros, links, objects and hidden content, by the plain scan and by openpyxl.
"""

import io
import re
import sys
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

from addin.office.exporting import export
from addin.office.reproduction import reproduce
from bench.withstand import scan
from tests.addin.conftest import fill
from tests.mutants import CHANGES, mutants, seen
from validators.audit import audit
from workbook_templates.submission.submission_workbook import heads, manifest_path


def harmful(data: bytes) -> set[str]:
    """What of a workbook computes, links or hides, as others see it: the plain scan, and openpyxl where it can read it."""
    found = scan(io.BytesIO(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data))
        except Exception:  # what it refuses is left to the scan
            return found
    found |= {"名称"} if book.defined_names else set()
    for sheet in book.worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        hidden = [one for one in [*sheet.row_dimensions.values(), *sheet.column_dimensions.values()] if one.hidden]
        found |= {"公式"} if any(cell.data_type == "f" for cell in cells) else set()
        found |= {"超链接"} if any(cell.hyperlink for cell in cells) else set()
        found |= {"隐藏"} if hidden or sheet.sheet_state != "visible" else set()
        found |= (
            {"有效性或条件格式"} if sheet.data_validations.dataValidation or sheet.conditional_formatting else set()
        )
    return found


def main(seed: int) -> None:
    """Print the tables."""
    with TemporaryDirectory() as folder:
        county = fill(Path(folder, "东昌府区.xlsx"), enterprises=6)
        target = Path(folder, "报省.xlsx")
        export(county, target, profile_name="default")
        good, manifest, known = target.read_bytes(), manifest_path(target).read_bytes(), heads()
        usual = seen(good)
        assert not harmful(good)
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        survivors: Counter[tuple[str, str, str]] = Counter()
        through: Counter[str] = Counter()
        for kind, said, mutant in mutants(good, seed=seed):
            alone = audit(io.BytesIO(mutant), "报省.xlsx", heads=known)
            whole = audit(io.BytesIO(mutant), "报省.xlsx", heads=known, manifest=manifest)
            counts[kind]["个数"] += 1
            counts[kind]["单凭文件"] += alone.verdict == "不通过"
            counts[kind]["连同清单"] += whole.verdict == "不通过"
            if alone.verdict == "通过":
                changed, again = seen(mutant) != usual, ""
                through.update(sorted(harmful(mutant)) or ["什么也没有"])
                if changed:
                    target.write_bytes(mutant)
                    again = reproduce(target, manifest, [county]).result
                counts[kind]["所见有变"] += changed
                counts[kind]["复算查出"] += again == "不通过"
                effect = f"所见有变，复算{again}" if changed else "所见不变"
                survivors[kind, re.sub(r"[0-9]+", "N", said)[:70], effect] += 1
    columns = ("个数", "单凭文件", "所见有变", "复算查出", "连同清单")
    print(
        "| 改动的种类 | 个数 | 不看清单就查出 | 没查出的里面，读者所见有变 | 其中由复算查出 | 连同清单查出 |\n|---|---|---|---|---|---|"
    )
    for kind in CHANGES:
        print(f"| {kind} | {' | '.join(str(counts[kind][column]) for column in columns)} |")
    total = sum(counts.values(), Counter())
    print(f"| 合计 | {' | '.join(str(total[column]) for column in columns)} |\n")
    print("没查出的里面，别的程序找到：", dict(through), "\n")
    for (kind, said, effect), number in sorted(survivors.items(), key=lambda one: (one[0][2], one[0][0], -one[1])):
        print(number, kind, said, effect, sep="\t")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
