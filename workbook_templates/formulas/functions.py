"""The named functions that conditions call, as Excel text of their arguments.

Each stands for the Python function of the same name in `validators.rules`; that the two agree is proven on made-up
rows in three spreadsheet programs.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol

from validators.credit_code import USCC_ALPHABET, USCC_WEIGHTS
from workbook_templates.formulas.cells import CAPITALS, DIGITS, any_of, only_from, quoted

MOST_CODES = 30
"""Codes joined in one cell that a formula looks at."""
LONGEST_NAME = 60
"""Characters of a name that a formula looks for in a text, three at a time."""
NO_CODE = '"¦"'
"""Stands for a code where there are no more; MATCH would find "" in blank rows."""
COMPARED = 12
"""Characters of a name that its number is made of."""


class Maker(Protocol):
    """What the functions ask of the plan."""

    def here(self, formula: str) -> str:
        """Address of a helper cell, in the row that is judged, with this formula."""

    def named(self, formula: str) -> str:
        """A name for a formula of the rows that are judged, for what is long and seldom worked out."""

    def table_of(self, head: str, values: Sequence[object]) -> str:
        """A name for a list of the hidden sheet."""


def codes_in(plan: Maker, joined: str, county: str) -> list[tuple[str, str]]:
    """The codes joined in a text, `MOST_CODES` of them: whether the text is so long, and the code as it is looked up, a
    number where it is one of the county's own."""
    apart = f'SUBSTITUTE(SUBSTITUTE({joined},"{county}-G-","1"),"-L","")'
    for sign in "，,;；、":
        apart = f'SUBSTITUTE({apart},"{sign}",REPT(" ",LEN({joined})))'
    spread = plan.here(apart)
    there = [f"{place}*LEN({joined})<LEN({spread})" for place in range(MOST_CODES)]
    pieces = [f"MID({spread},{place}*LEN({joined})+1,LEN({joined}))" for place in range(MOST_CODES)]
    codes = [f'IFERROR(VALUE({piece}),IF(TRIM({piece})="",{NO_CODE},TRIM({piece})))' for piece in pieces]
    return list(zip(there, codes, strict=True))


def uscc_number(code: str) -> str:
    """A number made of the characters of a 统一社会信用代码: by 31 it leaves what the check character brings to 0.

    Its weights are those of the standard, and beyond them random, so that two codes hardly ever have the same number.
    """
    choose = Random(31)  # noqa: S311 - nothing is kept secret with it
    weights = [own + 31 * choose.randrange(100_000) for own in USCC_WEIGHTS]  # MOD takes no more in Excel 2007
    alphabet = quoted(USCC_ALPHABET)
    terms = [f"(FIND(MID({code},{place},1),{alphabet})-1)*{weight}" for place, weight in enumerate(weights, 1)]
    return f"IF(LEN({code})=18,IFERROR({'+'.join(terms)},-1),-1)"


def name_number(name: str) -> str:
    """A number made of the first and last characters of a name; two names may have the same."""
    half = COMPARED // 2
    choose = Random(COMPARED)  # noqa: S311 - nothing is kept secret with it
    padded = f'{name}&"{"0" * half}"'
    signs = [f"MID({padded},{place},1)" for place in range(1, half + 1)]
    signs += [f'MID(RIGHT("{"0" * half}"&{name},{half}),{place},1)' for place in range(1, half + 1)]
    terms = "+".join(f"_xlfn.UNICODE({sign})*{choose.randrange(1 << 16, 1 << 20)}" for sign in signs)
    return f"IFERROR(LEN({name})+{terms},-2)"


def _uscc_fault(plan: Maker, code: str) -> str:
    number = plan.here(f'IF({code}="","",{uscc_number(code)})')
    return f'IF({number}<0,"✗",IF({only_from(code, 1, 8, DIGITS)},IF(MOD({number},31)=0,"","✗"),"✗"))'


def _permit_fault(plan: Maker, number: str) -> str:
    return f'IF(LEN({number})<>22,"✗",IF({only_from(number, 22, 22, DIGITS + CAPITALS)},"","✗"))'


def _made_up_code(plan: Maker, number: str) -> str:
    tests = [
        f'EXACT(LEFT({number},2),"H9")',
        only_from(number, 3, 8, DIGITS),
        only_from(number, 9, 17, DIGITS + CAPITALS),
        only_from(number, 18, 18, CAPITALS.lower()),
    ]
    return f"IF(LEN({number})>17,AND({','.join(tests)}),FALSE)"


def _is_industry_code(plan: Maker, code: str) -> str:
    two = f"VALUE(LEFT({code},2))"
    return f"IF(AND(LEN({code})=4,{only_from(code, 1, 4, DIGITS)}),AND({two}>=1,{two}<=97),FALSE)"


def _number_shapes() -> list[tuple[str, int, int, int]]:
    """Shapes of telephone numbers, digits as 0: where the number behind the area code begins, or 0 where there is none
    (two places where the shape does not say), and whether a number of 400 may look like it."""
    found: dict[str, tuple[int, int, int]] = {}
    areas = {"": 1, "(000)": 6, "(0000)": 7, "000-": 5, "0000-": 6, "000": 4, "0000": 5}
    extensions = ["", *(sign + "0" * size for sign in ("-", "转") for size in range(1, 7))]
    for area, start in areas.items():
        for size in (7, 8):
            for extension in extensions:
                shape = f"{area}{'0' * size}{extension}"
                first = found.get(shape, (start, start, 0))[0]
                found[shape] = (first, start, 0)
    for shape in ("0000000000", "000-0000000", "000000-0000", "000-000-0000", "0000000-000", "000-0000-000"):
        own = found.get(shape, (0, 0, 0))
        found[shape] = (own[0], own[1], 1)
    return [(shape, *own) for shape, own in found.items()]


def _is_phone(plan: Maker, text: str) -> str:
    shape = f'SUBSTITUTE(SUBSTITUTE({text},"（","("),"）",")")'
    for digit in "123456789":
        shape = f'SUBSTITUTE({shape},"{digit}","0")'
    shape = plan.named(shape)
    shapes, first, second, free = (
        plan.table_of(f"电话{head}", values)
        for head, values in zip(("样", "起", "又", "四"), zip(*_number_shapes(), strict=True), strict=True)
    )
    place = f"MATCH({shape},{shapes},0)"
    area = f'IF(LEFT({text})="0",1,2)'
    coded = f'AND(MID({text},{area},1)="0",MID({text},{area}+1,1)<>"0")'
    numbers = [f'MID({text}&"0000",MAX(1,INDEX({column},{place})),1)>="2"' for column in (first, second)]
    own = f"IF(INDEX({first},{place})=1,TRUE,{coded})"
    landline = f"IF(INDEX({first},{place})=0,FALSE,IF({own},OR({','.join(numbers)}),FALSE))"
    toll_free = f'IF(INDEX({free},{place})=1,LEFT({text},3)="400",FALSE)'
    listed = f"IF(EXACT(INDEX({shapes},{place}),{shape}),IF({landline},TRUE,{toll_free}),FALSE)"
    mobile = f'IF({shape}="{"0" * 11}",AND(LEFT({text})="1",MID({text},2,1)>="3"),FALSE)'
    return f"IF({mobile},TRUE,IFERROR({listed},FALSE))"


def _shares(plan: Maker, text: str, *names: str) -> str:
    found = []
    for one in names:
        padded = plan.here(f'{one}&"{"¦" * (LONGEST_NAME + 3)}"')  # never blank: FIND finds "" in Excel
        places = ",".join(f"FIND(MID({padded},{place},3),{text})" for place in range(1, LONGEST_NAME + 1))
        found.append(f"IF(LEN({one})<3,ISNUMBER(FIND({one},{text})),COUNT({places})>0)")
    return plan.here(f'IF({text}="",0,{any_of(found)})')


def _mentions(plan: Maker, text: str, words: str) -> str:
    return plan.named(f"COUNT({','.join(f'FIND({word},{text})' for word in words.split(';'))})>0")


def _without(plan: Maker, text: str, *names: str) -> str:
    rest = text
    for one in names:
        rest = f'SUBSTITUTE({rest},IF(LEN({one})>2,{one},"¦"),"")'
    return plan.here(f'IF({text}="","",{rest})')


def _few_decimals(plan: Maker, degrees: str, decimals: str) -> str:
    return f"{degrees}=ROUND({degrees},{decimals}-1)"


FUNCTIONS: dict[str, Callable[..., str]] = {
    "uscc_fault": _uscc_fault,
    "permit_fault": _permit_fault,
    "first_18": lambda plan, number: f"LEFT({number},18)",
    "made_up_code": _made_up_code,
    "is_industry_code": _is_industry_code,
    "is_phone": _is_phone,
    "few_decimals": _few_decimals,
    "division_of": lambda plan, list_id: f"LEFT({list_id},LEN({list_id})-7)",
    "line_head": lambda plan, line_id: f"LEFT({line_id},LEN({line_id})-4)",
    "mentions": _mentions,
    "unpunished": lambda plan, text: f'ISNUMBER(FIND("不予处罚",{text}))',
    "shares": _shares,
    "without": _without,
    "abs": lambda plan, number: f"ABS({number})",
}
"""Excel text by the name of the Python function; the first argument makes helper cells for what is used several times."""
