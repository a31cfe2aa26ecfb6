"""How a formula reads a cell: the value that the reader would take from it, or "" where it is blank or unreadable.

Texts are those of Excel 2016, WPS and LibreOffice; `cell` is the address of an entry cell in the row of the formula.
What a formula cannot tell apart from what the reader can is listed in `tests/formulas/differences.yaml`.
"""

from collections.abc import Callable, Sequence

from validators.columns import Column
from validators.records import bounds_judged_here

FIRST_DAY, LAST_DAY = 30_000, 80_000
"""Serial numbers that are read as days even without a date format (see `validators.records.meaning`)."""


def quoted(text: str) -> str:
    """A text as a constant of a formula."""
    return '"' + text.replace('"', '""') + '"'


def all_of(tests: Sequence[str]) -> str:
    """Whether every test holds."""
    return tests[0] if len(tests) == 1 else f"AND({','.join(tests)})"


def any_of(tests: Sequence[str]) -> str:
    """Whether a test holds; FALSE where there are none."""
    if not tests:
        return "FALSE"
    return tests[0] if len(tests) == 1 else f"OR({','.join(tests)})"


def given(address: str) -> str:
    """Whether a helper cell holds a value."""
    return f'{address}<>""'


def squeezed(cell: str) -> str:
    """Half-width digits and letters, without blanks."""
    return f'SUBSTITUTE(ASC(CLEAN({cell}))," ","")'


def only_from(text: str, first: int, last: int, characters: str) -> str:
    """Whether the characters at these places (1-based, both included) are all among those given."""
    places = ";".join(map(str, range(first, last + 1)))
    character = f"MID({text},{{{places}}},1)"
    return f'SUMPRODUCT(({character}<>"")*ISERROR(FIND({character},{quoted(characters)})))=0'


DIGITS = "0123456789"


def all_digits(text: str) -> str:
    """Whether a text of at most 15 characters is digits only; an error for some that are not."""
    return f'TEXT(VALUE({text}),REPT("0",LEN({text})))={text}'


def value(column: Column, cell: str, choices: tuple[str, str]) -> str:
    """The value of an entry cell; `choices` are the ranges of allowed values: as they are, and squeezed."""
    match column.kind:
        case "int" | "decimal":
            return _number(column, cell)
        case "date":
            return _day(cell)
        case "enum":
            return _choice(cell, *choices)
        case "text":
            return _prose(column, cell)
        case "id":
            return _named(column, cell)
        case "code18" | "ref" | "refs":
            return _name_of_another(column, cell)
        case "code22":
            return f'IF(ISTEXT({cell}),IF({_scientific(cell)},"",{squeezed(cell)}),"")'
        case "code4":
            return f'IF(ISTEXT({cell}),{squeezed(cell)},IF(ISNUMBER({cell}),{cell}&"",""))'
        case "phone":  # full-width brackets are allowed in it, and would become narrow ones
            narrow = f'SUBSTITUTE({squeezed(cell)},"､","、")'  # ASC changes that too
            wide = f'IF(ISNUMBER(FIND("（",{cell})),SUBSTITUTE({cell}," ",""),{narrow})'
            return f'IF(ISTEXT({cell}),{wide},IF(ISNUMBER({cell}),{cell}&"",""))'
    raise ValueError(f"no formula reads a cell of kind {column.kind}")


def _number(column: Column, cell: str) -> str:
    text = squeezed(cell)
    if column.unit == "%":
        text = f'SUBSTITUTE({text},"%","")'
    text = f'SUBSTITUTE({text},",","")'
    plain = f'SUBSTITUTE(IF(OR(LEFT({text})="-",LEFT({text})="+"),MID({text},2,40),{text}),".","",1)'
    read = f'IF({all_digits(plain)},{_within(column, f"VALUE({text})")},"")'
    return f'IF(ISNUMBER({cell}),{_within(column, cell)},IF(ISTEXT({cell}),IFERROR({read},""),""))'


def _within(column: Column, number: str) -> str:
    """The number, or "" where the column does not allow it."""
    low, high, above = column.bounds if bounds_judged_here(column) else (None, None, False)
    tests = []
    if low is not None:
        tests.append(f"{number}{'>' if above else '>='}{low:.10g}")
    if high is not None:
        tests.append(f"{number}<={high:.10g}")
    if column.kind == "int":
        tests.append(f"{number}=INT({number})")
    if not tests:
        return number
    return f'IF({all_of(tests)},{number},"")'


def _day(cell: str) -> str:
    text = squeezed(f'{cell}&""')
    solid = f'DATEVALUE(LEFT({text},4)&"-"&MID({text},5,2)&"-"&MID({text},7,2))'
    parts = text
    for sign in "年月/.":
        parts = f'SUBSTITUTE({parts},"{sign}","-")'
    parts = f'SUBSTITUTE({parts},"日","")'
    spelled = (
        f'IF(AND(LEN({parts})-LEN(SUBSTITUTE({parts},"-",""))=2,MID({parts},5,1)="-",'
        f'{all_digits(f"LEFT({parts},4)")}),DATEVALUE({parts}),"")'
    )
    read = f'IFERROR(IF(LEN({text})=8,IF(ISNUMBER(FIND("-",{parts})),{spelled},{solid}),{spelled}),"")'
    number = f'IF(AND({cell}>={FIRST_DAY},{cell}<{LAST_DAY + 1}),INT({cell}),IF({cell}=INT({cell}),{read},""))'
    return f'IF(ISNUMBER({cell}),{number},IF(ISTEXT({cell}),{read},""))'


def _choice(cell: str, values: str, folded: str) -> str:
    place = f"MATCH({squeezed(cell)},{folded},0)"
    return f'IF(ISTEXT({cell}),IFERROR(IF(EXACT(INDEX({folded},{place}),{squeezed(cell)}),INDEX({values},{place}),""),""),"")'


def _prose(column: Column, cell: str) -> str:
    trimmed = f'IF(ISTEXT({cell}),TRIM({cell}),IF(ISNUMBER({cell}),{cell}&"",""))'
    if not column.values.startswith("<="):
        return trimmed
    return f'IF(LEN({trimmed})>{column.values[2:]},"",{trimmed})'


STRAY = "✗"
"""Stands before a code in small letters: it is no other row's, and comparisons would not see that."""


def _name_of_another(column: Column, cell: str) -> str:
    """A code that is compared with those of other rows."""
    text = f'SUBSTITUTE(CLEAN({cell})," ","")' if column.kind == "refs" else squeezed(cell)  # ASC would change 、
    found = f'IF(EXACT({text},UPPER({text})),"",{quoted(STRAY)})&{text}'
    if column.kind == "code18":
        found = f'IF({_scientific(cell)},"",{found})'
    return f'IF(ISTEXT({cell}),{found},"")'


def _named(column: Column, cell: str) -> str:
    """A 清单编号 or 生产线编码 in the shape that `validators.records.ID_PATTERNS` says."""
    text, head = squeezed(cell), DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    letter = "G" if column.values == "L" else column.values
    tail = 4 if column.values == "L" else 0
    number = f"MID({text},LEN({text})-{tail + 3},4)"
    tests = [
        f"OR(LEN({text})={5 + 7 + tail},LEN({text})={6 + 7 + tail})",
        f'MID({text},LEN({text})-{tail + 6},3)="-{letter}-"',
        only_from(number, 1, 4, DIGITS),
        only_from(f"LEFT({text},LEN({text})-{tail + 7})", 1, 6, head),
    ]
    if tail:
        tests += [f'MID({text},LEN({text})-3,2)="-L"', only_from(f"RIGHT({text},2)", 1, 2, DIGITS)]
    # comparisons do not tell capitals from small letters
    tests.append(f"EXACT({text},UPPER({text}))")
    return f'IF(ISTEXT({cell}),IFERROR(IF({all_of(tests)},{text},""),""),"")'


def _scientific(cell: str) -> str:
    """Whether a text is a number in scientific notation, as a code that was once a number is."""
    text = squeezed(cell)
    second = f'OR(MID({text},2,1)=".",UPPER(MID({text},2,1))="E")'
    return f'IF(ISTEXT({cell}),IF({second},AND(ISNUMBER(FIND("E",UPPER({text}))),ISNUMBER(-{text})),FALSE),FALSE)'


def nonblank(cell: str) -> str:
    """Whether something stands in a cell besides blanks."""
    return f'IF(ISERROR({cell}),TRUE,SUBSTITUTE(SUBSTITUTE({cell}," ",""),"　","")<>"")'


def computed(cell: str, read: str, inputs: Sequence[str]) -> str:
    """The value of a cell that offers a formula: none while one of its inputs is unreadable, like the reader's."""
    return f'IF(IF({all_of([given(one) for one in inputs])},FALSE,_xlfn.ISFORMULA({cell})),"",{read})'


def faults(column: Column, cell: str, read: str, inputs: Sequence[str], code: Callable[[str], str]) -> str:
    """What the reader would notice of an entry cell (GS03 to GS05, GS07), as a code; `read` holds its value.

    `inputs` hold the values that a formula offered there is made of; `code` gives the code of a rule.
    """
    wrong = f'IF({nonblank(cell)},{code("GS03")},"")'
    if column.kind in ("code18", "code22"):
        wrong = f"IF(OR(ISNUMBER({cell}),{_scientific(cell)}),{code('GS05')},{wrong})"
    if inputs:
        wrong = f'IF(IF({all_of([given(one) for one in inputs])},FALSE,_xlfn.ISFORMULA({cell})),"",{wrong})'
    broken = code("GS07")
    if inputs:  # else what is wrong with an input is found there
        broken = f'IF({all_of([given(one) for one in inputs])},{broken},"")'
    unread = f"IF(ISERROR({cell}),{broken},{wrong})"
    return f'IF({read}<>"",IF({_rewritten(column, cell, read)},{code("GS04")},""),{unread})'


def _rewritten(column: Column, cell: str, read: str) -> str:
    """Whether the value differs in form from what was typed."""
    if column.is_number:
        return f"ISTEXT({cell})"
    if column.kind == "date":
        return f"OR(ISTEXT({cell}),{cell}>{LAST_DAY})"
    if column.kind == "text":
        return f'OR(ISNUMBER({cell}),LEFT({cell})=" ",RIGHT({cell})=" ")'
    if column.kind in ("code18", "ref", "refs"):
        read = f'SUBSTITUTE({read},{quoted(STRAY)},"")'
    return f"OR(ISNUMBER({cell}),NOT(EXACT({read},{cell})))"


def folded(values: tuple[str, ...]) -> tuple[str, ...]:
    """Allowed values as `squeezed` makes them of a cell."""
    wide = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
    return tuple(text.translate(wide).replace(" ", "") for text in values)
