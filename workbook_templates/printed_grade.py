"""The grade of an enterprise as lists and documents print it."""

from collections import Counter
from collections.abc import Iterable

from validators.expr import Record
from validators.ruleset import RuleSet, named


def printed_grade(record: Record, lines: Iterable[Record], rules: RuleSet) -> str | None:
    """The enterprise's own grade; where its lines may stand apart, with the others that they have: `B（另有生产线A级1条）`.

    No name stands in it: the public directory shows it, too.
    """
    grade: str | None = record.grade
    if grade is None or not rules.switch("lines_apart"):
        return grade
    other = Counter(line.grade for line in lines if line.grade in rules.grade_order and line.grade != grade)
    apart = "、".join(f"{named(one)}{other[one]}条" for one in rules.values["grades"] if other[one])
    return f"{grade}（另有生产线{apart}）" if apart else grade
