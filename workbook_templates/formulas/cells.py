"""How a formula reads a cell: the value that the reader would take from it, or "" where it is blank or unreadable.

Texts are those of Excel 2016, WPS, LibreOffice, ONLYOFFICE and Gnumeric; `cell` is the text of an entry cell in the
row of the formula. No array is given to a function: Gnumeric repeats none over it. What a formula cannot tell apart
from what the reader can is listed in `tests/workbook_templates/formulas/differences.yaml`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from validators.columns import Column
from validators.findings import Severity
from validators.meanings import bounds_judged_here
from validators.records import DAYS_OF_OURS

FIRST_SERIAL, LAST_SERIAL = 30_000, 80_000
"""Serial numbers that are read as days even without a date format (see `validators.meanings.meaning`)."""
LOOKED_UP = ("id", "ref", "refs", "code18")
"""Kinds of columns that other rows are looked up by."""


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


def given(text: str) -> str:
    """Whether a value is there."""
    return f'{text}<>""'


def narrow(cell: str) -> str:
    """Half-width digits and letters, without blanks."""
    return f'SUBSTITUTE(ASC(CLEAN({cell}))," ","")'


def squeezed(cell: str) -> str:
    """The same without the blanks that are none to CLEAN and ASC: wide ones, those of web pages, those of no width."""
    found = narrow(cell)
    for sign in ('"　"', '"\u00a0"', "_xlfn.UNICHAR(8203)", "_xlfn.UNICHAR(65279)"):
        found = f'SUBSTITUTE({found},{sign},"")'
    return found


DIGITS = "0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def only_from(text: str, first: int, last: int, characters: str) -> str:
    """Whether the characters at these places (1-based, both included) are all among those given, or are not there."""
    # padded with one that is allowed: FIND of "" is 1 in Excel and an error in LibreOffice
    padded = f"{text}&{quoted(characters[0] * last)}"
    found = ",".join(f"FIND(MID({padded},{place},1),{quoted(characters)})" for place in range(first, last + 1))
    return f"COUNT({found})={last - first + 1}"


def all_digits(text: str) -> str:
    """Whether a text of at most 15 characters is digits only; an error for some that are not."""
    return f'TEXT(VALUE({text}),REPT("0",LEN({text})))={text}'


def parts(cell: str) -> str:
    """A text with a blank for each line break or tab in it, and no other."""
    return f'TRIM(SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({cell}," ",""),CHAR(10)," "),CHAR(9)," "))'


WORD = "¦"
"""Stands before and after each of the words that are joined in one text."""


_AROUND = (
    "{}", "({})", "[{}]", "【{}】", "<{}>", "《{}》", "“{}”", '"{}"', "{}.", "{}...", "{}。", "{}｡", "{}…", "{}……", "{}!", "{}?",
)  # fmt: skip
"""Signs that people put around a word."""
_SIGNS = "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~。｡、､…—·・･“”‘’《》【】「」×～￥"
"""Signs that stand alone, or repeated, where nothing is known."""
MOST_REPEATED = 12


@cache
def nothing_said(words: tuple[str, ...]) -> str:
    """Texts that are one of the words, with signs around them or without, or nothing but one sign repeated, joined as
    `one_of_words` looks for them."""
    bare = [word for word in words if any(map(str.isalnum, word))]
    around = [shape.format(word) for word in (*bare, *folded(tuple(bare))) for shape in _AROUND]
    signs = [sign * times for sign in _SIGNS for times in range(1, MOST_REPEATED + 1)]
    return WORD.join(["", *dict.fromkeys(word.upper() for word in (*around, *signs, *words)), ""])


def one_of_words(cell: str, words: str) -> str:
    """Where a text is one of the words joined in another, else an error; no wildcards, as MATCH has."""
    return f'FIND("{WORD}"&UPPER({squeezed(cell)})&"{WORD}",{words})'


def value(column: Column, cell: str, lists: tuple[str, str]) -> str:
    """The value of an entry cell.

    `lists` are what its kind needs: of a choice the ranges of allowed values, as they are and squeezed; of a text the
    words that say there is nothing, and all that stand for something else.
    """
    match column.kind:
        case "int" | "decimal":
            return _number(column, cell)
        case "date":
            return _day(cell)
        case "enum":
            return f'IFERROR(INDEX({lists[0]},{choice(cell, lists[1])}),"")'
        case "text":
            return _prose(column, cell, lists[1])
        case "id" | "code18" | "ref" | "refs":
            return _name_of_another(column, cell)
        case "code22":
            return f'IF(ISTEXT({cell}),IF({_scientific(cell)},"",{_one(cell, squeezed(cell))}),"")'
        case "code4":
            return f'IF(ISTEXT({cell}),{_one(cell, squeezed(cell))},IF(ISNUMBER({cell}),{cell}&"",""))'
        case "phone":  # full-width brackets are allowed in it, and would become narrow ones
            narrowed = f'SUBSTITUTE({squeezed(cell)},"､","、")'  # ASC changes that too
            wide = f'IF(ISNUMBER(FIND("（",{cell})),SUBSTITUTE({cell}," ",""),{narrowed})'
            return f'IF(ISTEXT({cell}),{_one(cell, wide)},IF(ISNUMBER({cell}),{cell}&"",""))'
    raise ValueError(f"no formula reads a cell of kind {column.kind}")


def _one(cell: str, text: str) -> str:
    """What is made of a text, unless there are two values in it."""
    return f'IF(ISNUMBER(FIND(" ",{parts(cell)})),"",{text})'


def _number(column: Column, cell: str) -> str:
    typed = f'SUBSTITUTE(SUBSTITUTE({cell},"\u00a0"," "),"。",".")'
    text, spaced = f"UPPER({narrow(typed)})", f"ASC({typed})"
    if column.unit == "%":
        text, spaced = f'SUBSTITUTE({text},"%","")', f'SUBSTITUTE({spaced},"%","")'
    text = f'SUBSTITUTE({text},",","")'
    # VALUE takes days, times, sums of money and percents too, but none of them between 0 and E0
    bare = f'"{WORD}"&{text}'
    for sign, instead in ((f"{WORD}-", "0"), (f"{WORD}+", "0"), (WORD, "0"), ("E+", ""), ("E-", ""), ("E", "")):
        bare = f'SUBSTITUTE({bare},"{sign}","{instead}")'
    # a blank is one of thousands, or between two values; a comma is one of thousands
    whole = f'TEXT(INT(ABS(VALUE({text}))),"#,##0")'
    parted = f'SUBSTITUTE({whole},","," ")'
    alone = f'IF(ISNUMBER(FIND(" ",TRIM({spaced}))),ISERROR(FIND(" ",TRIM(SUBSTITUTE({spaced},{parted},"")))),TRUE)'
    grouped = f'IF(ISNUMBER(FIND(",",{spaced})),ISERROR(FIND(",",SUBSTITUTE({spaced},{whole},""))),TRUE)'
    read = f'IF(ISNUMBER(VALUE({bare}&"E0")),IF({all_of([alone, grouped])},{_one(cell, _within(column, f"VALUE({text})"))},""),"")'
    return f'IF(ISNUMBER({cell}),{_within(column, cell)},IF(ISTEXT({cell}),IFERROR({read},""),""))'


def bounds(column: Column) -> tuple[float | None, float | None, bool]:
    """Bounds of a number that are judged at its cell: the least, the most, and whether it must be above the least."""
    return column.bounds if column.is_number and bounds_judged_here(column) else (None, None, False)


def _within(column: Column, number: str) -> str:
    """The number, or "" where the column does not allow it."""
    low, high, above = bounds(column)
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
    text = narrow(f'{cell}&""')
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
    # with a time behind it, as other programs export days; a minute before midnight is the next day, and left to Python
    dashed = f'AND(MID({cell},5,1)="-",MID({cell},8,1)="-",ISERROR(FIND("23:59",{cell})))'
    timed = f'IFERROR(IF({dashed},DATEVALUE(LEFT({cell},10)),""),"")'
    read = f'IF(ISNUMBER(FIND(":",{cell})),{timed},{read})'
    number = f'IF(AND({cell}>={FIRST_SERIAL},{cell}<{LAST_SERIAL + 1}),INT({cell}),IF({cell}=INT({cell}),{read},""))'
    return f'IF(ISNUMBER({cell}),{number},IF(ISTEXT({cell}),{_one(cell, read)},""))'


def choice(cell: str, folded: str) -> str:
    """Place of what was chosen in a list, in whatever case; an error or "" where it is none of it, as its wildcards."""
    place = f"MATCH({squeezed(cell)},{folded},0)"
    return f'IF(ISTEXT({cell}),IF(EXACT(UPPER(INDEX({folded},{place})),UPPER({squeezed(cell)})),{place},""),"")'


def without_letters(text: str) -> str:
    """A number where a text is one, or digits as `3-1`, `2020.8.1` or `12:30` have them, else an error."""
    for sign in "-/.:､,+":  # as ASC has them
        text = f'SUBSTITUTE({text},"{sign}","")'
    return f"VALUE({text})"


def prose(column: Column, cell: str, words: str) -> str:
    """A text without the blanks around it, "" where it is nothing else or no answer: one of the words, a formula pasted as
    a text, in the place of a name a number or what has a question mark."""
    wrong = [f'LEFT({cell})="="', f"ISNUMBER({one_of_words(cell, words)})"]
    if column.is_name:
        wrong += [f"ISNUMBER({without_letters(squeezed(cell))})", f'COUNT(FIND("?",{cell}),FIND("？",{cell}))>0']
    return f'IF({_empty(cell)},"",IF({any_of(wrong)},"",TRIM({cell})))'


def _prose(column: Column, cell: str, words: str) -> str:
    number = '""' if column.is_name else f'IF(ISNUMBER({cell}),{cell}&"","")'
    trimmed = f"IF(ISTEXT({cell}),{prose(column, cell, words)},{number})"
    if not column.values.startswith("<="):
        return trimmed
    return f'IF(LEN({trimmed})>{column.values[2:]},"",{trimmed})'


STRAY = "✗"
"""Stands before a code in small letters: it is no other row's, and comparisons would not see that."""


def _name_of_another(column: Column, cell: str) -> str:
    """A code that is compared with those of other rows."""
    listed = f'SUBSTITUTE(CLEAN({parts(cell)})," ","、")'  # ASC would change 、
    text = listed if column.kind == "refs" else _one(cell, squeezed(cell))
    found = f'IF(EXACT({text},UPPER({text})),"",{quoted(STRAY)})&{text}'
    if column.kind == "code18":
        found = f'IF({_scientific(cell)},"",{found})'
    return f'IF(ISTEXT({cell}),{found},"")'


KINDS_OF_ROWS = "GYD"
"""Letters in 清单编号: enterprises, dust sources, mobile sources."""


def lookup_key(column: Column, text: str, county: str) -> str:
    """What a code is looked up by: a number where it is one of the county's own, else its text, or "" for no code.

    LibreOffice finds numbers ten times faster than texts. `text` is the address of its value.
    """
    if column.kind in ("refs", "code18"):
        return text
    letters = {"enterprises": "G", "enterprises|dust": "GY", "applications": "G", "L": "G"}.get(
        column.values, column.values
    )
    size = len(county) + 3
    other = f'IF({_is_name(column, text)},{text},"")' if column.kind == "id" else text
    found = other
    for letter in reversed(letters):
        digits, zeros, long = f"MID({text},{size + 1},4)", "0000", size + 4
        first = (KINDS_OF_ROWS.index(letter) + 1) * 10_000
        shaped = f"LEN({text})={long}"
        if column.values == "L":
            digits, zeros, first = f"{digits}&RIGHT({text},2)", "000000", 1_000_000
            shaped = f'LEN({text})={long + 4},MID({text},{long + 1},2)="-L"'
        number = f'IF(AND({shaped},TEXT(VALUE({digits}),"{zeros}")={digits}),{first}+VALUE({digits}),{other})'
        found = f'IF(LEFT({text},{size})="{county}-{letter}-",IFERROR({number},{other}),{found})'
    return f'IF({text}="","",{found})'


def _is_name(column: Column, text: str) -> str:
    """Whether a 清单编号 or 生产线编码 has the shape that `validators.records.ID_PATTERNS` says."""
    letter = "G" if column.values == "L" else column.values
    tail = 4 if column.values == "L" else 0
    tests = [
        f"OR(LEN({text})={5 + 7 + tail},LEN({text})={6 + 7 + tail})",
        f'MID({text},LEN({text})-{tail + 6},3)="-{letter}-"',
        only_from(f"MID({text},LEN({text})-{tail + 3},4)", 1, 4, DIGITS),
        only_from(f"LEFT({text},LEN({text})-{tail + 7})", 1, 6, DIGITS + CAPITALS + "-"),
    ]
    if tail:
        tests += [f'MID({text},LEN({text})-3,2)="-L"', only_from(f"RIGHT({text},2)", 1, 2, DIGITS)]
    return f"IFERROR({all_of(tests)},FALSE)"


def _scientific(cell: str) -> str:
    """Whether a text is a number in scientific notation, as a code that was once a number is."""
    text = narrow(cell)
    second = f'OR(MID({text},2,1)=".",UPPER(MID({text},2,1))="E")'
    number = f'ISNUMBER(FIND("E",UPPER({text})))'
    return f"IF(ISTEXT({cell}),IF({second},IF({number},ISNUMBER(VALUE({text})),FALSE),FALSE),FALSE)"


def _empty(cell: str) -> str:
    return f'SUBSTITUTE(SUBSTITUTE(CLEAN({cell})," ",""),"　","")=""'


def blank(column: Column, cell: str, lists: tuple[str, str]) -> str:
    """Whether nothing stands in an entry cell besides blanks, or in one of text a word that says so; `lists` as of `value`."""
    nothing = _empty(cell)
    if column.kind == "text":
        nothing = f"IF({nothing},TRUE,ISNUMBER({one_of_words(cell, lists[0])}))"
    return f"IF(ISERROR({cell}),FALSE,{nothing})"


def right(inputs: Mapping[str, str]) -> str:
    """Whether each of the cells that a formula is made of holds a number that is allowed there, by their values."""
    return all_of([*map(given, inputs.values()), f"COUNT({','.join(inputs)})={len(inputs)}"])


def faults(
    column: Column,
    cell: str,
    read: str,
    inputs: Mapping[str, str],
    lists: tuple[str, str],
    code: Callable[[str, Severity | None], str],
) -> str:
    """What the reader would notice of an entry cell (GS03 to GS05, GS07), as a code; `read` holds its value.

    `inputs` are the cells that a formula offered there is made of, and where their values are held; `lists` are those
    of `value`; `code` gives the code of a rule.
    """
    wrong = code("GS03", None)
    if column.kind == "text":  # where a text is always required, the word for nothing is said to be nothing
        nothing = '""' if column.required == "always" else code("GS04", None)
        wrong = f"IF(ISNUMBER({one_of_words(cell, lists[0])}),{nothing},{wrong})"
    wrong = f'IF({_empty(cell)},"",{wrong})'
    if column.kind in ("code18", "code22"):
        wrong = f"IF(IF(ISNUMBER({cell}),TRUE,{_scientific(cell)}),{code('GS05', None)},{wrong})"
    broken = code("GS07", None)
    if inputs:  # else what is wrong with an input is found there
        wrong = f'IF({right(inputs)},{wrong},IF(_xlfn.ISFORMULA({cell}),"",{wrong}))'
        known = [
            f'IF(ISERROR({one}),FALSE,IF({one}="",TRUE,IF(ISNUMBER({one}),{given(held)},FALSE)))'
            for one, held in inputs.items()
        ]
        broken = f'IF({all_of(known)},{broken},"")'
    unread = f"IF(ISERROR({cell}),{broken},{wrong})"
    noticed = code("GS04", None)
    if column.kind == "text":  # a text that became a day, and is a number now
        became = f"AND({cell}=INT({cell}),{cell}>={DAYS_OF_OURS[0]},{cell}<{DAYS_OF_OURS[1]})"
        noticed = f"IF(ISNUMBER({cell}),IF({became},{code('GS04', Severity.WARNING)},{noticed}),{noticed})"
    return f'IF({read}<>"",IF({_rewritten(column, cell, read)},{noticed},""),{unread})'


def _rewritten(column: Column, cell: str, read: str) -> str:
    """Whether the value differs in form from what was typed."""
    if column.is_number:
        return f"ISTEXT({cell})"
    if column.kind == "date":
        return f"IF(ISTEXT({cell}),TRUE,{cell}>{LAST_SERIAL})"
    if column.kind == "text":
        return f'IF(ISNUMBER({cell}),TRUE,OR(LEFT({cell})=" ",RIGHT({cell})=" "))'
    if column.kind in LOOKED_UP:
        read = f'SUBSTITUTE({read},{quoted(STRAY)},"")'
    return f"IF(ISNUMBER({cell}),TRUE,NOT(EXACT({read},{cell})))"


def folded(values: tuple[str, ...]) -> tuple[str, ...]:
    """Allowed values as `squeezed` makes them of a cell."""
    wide = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
    return tuple(text.translate(wide).replace(" ", "") for text in values)
