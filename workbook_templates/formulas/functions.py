"""The named functions that conditions call, as Excel text of their arguments.

Each stands for the Python function of the same name in `validators.rules`; that the two agree is proven on made-up
rows in a real spreadsheet program.
"""

from collections.abc import Callable

from workbook_templates.formulas.cells import DIGITS, only_from, quoted

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)
Named = Callable[[str], str]
"""Gives a formula a name that stands for it in others."""
MOST_CODES = 30
"""Codes joined in one cell that a formula looks at."""
LONGEST_NAME = 60
"""Characters of a name that a formula looks for in a text, three at a time."""


def _column(first: int, last: int) -> str:
    return "{" + ";".join(map(str, range(first, last + 1))) + "}"


def codes_in(joined: str) -> str:
    """The codes joined in a text, as a column of `MOST_CODES` texts, "" where there are fewer."""
    wide, apart = f"LEN({joined})", joined
    for sign in "，,;；、":
        apart = f'SUBSTITUTE({apart},"{sign}",REPT(" ",{wide}))'
    return f"TRIM(MID({apart},({_column(1, MOST_CODES)}-1)*{wide}+1,{wide}))"


def _uscc_fault(name: Named, code: str) -> str:
    characters = f"MID({code},{_column(1, 18)},1)"
    weights = "{" + ";".join(map(str, USCC_WEIGHTS)) + "}"
    total = f"SUMPRODUCT((FIND({characters},{quoted(USCC_ALPHABET)})-1)*{weights})"
    right = f"IF({only_from(code, 1, 8, DIGITS)},IFERROR(MOD({total},31)=0,FALSE),FALSE)"
    return f'IF(LEN({code})<>18,"✗",IF({right},"","✗"))'


def _permit_fault(name: Named, number: str) -> str:
    return f'IF(LEN({number})<>22,"✗",IF({only_from(number, 22, 22, DIGITS + CAPITALS)},"","✗"))'


def _made_up_code(name: Named, number: str) -> str:
    tests = [
        f'EXACT(LEFT({number},2),"H9")',
        only_from(number, 3, 8, DIGITS),
        only_from(number, 9, 17, DIGITS + CAPITALS),
        only_from(number, 18, 18, CAPITALS.lower()),
    ]
    return f"AND({','.join(tests)},LEN({number})>17)"


def _is_industry_code(name: Named, code: str) -> str:
    digits = only_from(code, 1, 4, DIGITS)
    return f"IF(AND(LEN({code})=4,{digits}),AND(VALUE(LEFT({code},2))>=1,VALUE(LEFT({code},2))<=97),FALSE)"


def _is_phone(name: Named, text: str) -> str:
    plain = text
    for sign, narrow in zip("（）转", "()-", strict=True):
        plain = f"SUBSTITUTE({plain},{quoted(sign)},{quoted(narrow)})"
    mobile = f'AND(LEN({text})=11,LEFT({text},1)="1",MID({text},2,1)>="3",{only_from(text, 1, 11, DIGITS)})'
    landlines = [_is_landline(name, name(plain), size) for size in (0, 3, 4, 5, 6)]
    misplaced = f'ISNUMBER(FIND("转",LEFT({text},6)))'
    landline = "FALSE"
    for one in reversed(landlines):
        landline = f"IF({one},TRUE,{landline})"
    return f"IF({mobile},TRUE,IF(IF({misplaced},FALSE,{landline}),TRUE,{_is_toll_free(name, text)}))"


def _is_landline(name: Named, text: str, size: int) -> str:
    """Whether a text is an area code of so many characters, with its brackets or dash, a number, and an extension."""
    rest = name(f"MID({text},{size + 1},99)")
    number = name(f'LEFT({rest},IFERROR(FIND("-",{rest}),LEN({rest})+1)-1)')
    extension = name(f"MID({rest},LEN({number})+2,99)")
    tests = [
        f"OR(LEN({number})=7,LEN({number})=8)",
        only_from(number, 1, 1, DIGITS[2:]),
        only_from(number, 1, 8, DIGITS),
        f"OR({rest}={number},AND(LEN({extension})>0,LEN({extension})<7,{only_from(extension, 1, 6, DIGITS)}))",
    ]
    if size:
        area = f"LEFT({text},{size})"
        code = name(f'SUBSTITUTE(SUBSTITUTE(SUBSTITUTE({area},"(",""),")",""),"-","")')
        tests += [
            f'OR({area}={code},{area}={code}&"-",{area}="("&{code}&")")',
            f'AND(LEFT({code},1)="0",MID({code},2,1)<>"0",OR(LEN({code})=3,LEN({code})=4))',
            only_from(code, 1, 4, DIGITS),
        ]
    return f"AND({','.join(tests)})"


def _is_toll_free(name: Named, text: str) -> str:
    digits = name(f'SUBSTITUTE({text},"-","")')
    forms = [
        digits,
        f'LEFT({digits},3)&"-"&RIGHT({digits},7)',
        f'LEFT({digits},6)&"-"&RIGHT({digits},4)',
        f'LEFT({digits},3)&"-"&MID({digits},4,3)&"-"&RIGHT({digits},4)',
        f'LEFT({digits},7)&"-"&RIGHT({digits},3)',
        f'LEFT({digits},3)&"-"&MID({digits},4,4)&"-"&RIGHT({digits},3)',
    ]
    shaped = ",".join(f"{text}={form}" for form in forms)
    return f'AND(LEFT({text},3)="400",LEN({digits})=10,{only_from(digits, 1, 10, DIGITS)},OR({shaped}))'


def _shares(name: Named, text: str, other: str) -> str:
    places = _column(1, LONGEST_NAME)
    whole = f"LEN({other})-{places}>=MIN(2,LEN({other})-1)"
    return f"SUMPRODUCT(({whole})*ISNUMBER(FIND(MID({other},{places},3),{text})))>0"


def _mentions(name: Named, text: str, words: str) -> str:
    return f"SUMPRODUCT(--ISNUMBER(FIND({words},{text})))>0"


def _without(name: Named, text: str, *names: str) -> str:
    for one in names:
        text = f'IF(LEN({one})>2,SUBSTITUTE({text},{one},""),{text})'
    return text


def _few_decimals(name: Named, degrees: str, decimals: str) -> str:
    return f"{degrees}=ROUND({degrees},{decimals}-1)"


FUNCTIONS: dict[str, Callable[..., str]] = {
    "uscc_fault": _uscc_fault,
    "permit_fault": _permit_fault,
    "first_18": lambda name, number: f"LEFT({number},18)",
    "made_up_code": _made_up_code,
    "is_industry_code": _is_industry_code,
    "is_phone": _is_phone,
    "few_decimals": _few_decimals,
    "line_head": lambda name, line_id: f"LEFT({line_id},LEN({line_id})-4)",
    "division_of": lambda name, list_id: f"LEFT({list_id},LEN({list_id})-7)",
    "mentions": _mentions,
    "unpunished": lambda name, text: f'ISNUMBER(FIND("不予处罚",{text}))',
    "shares": _shares,
    "without": _without,
    "abs": lambda name, number: f"ABS({number})",
}
"""Excel text by the name of the Python function; the first argument names what is used several times."""
