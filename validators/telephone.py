"""Telephone numbers: mobile ones, landlines and those of 400."""

import re

_PHONE = re.compile(
    r"1[3-9][0-9]{9}"
    r"|(?:[（(]0[1-9][0-9]{1,2}[）)]|0[1-9][0-9]{1,2}-?)?[2-9][0-9]{6,7}(?:[-转][0-9]{1,6})?"
    r"|400-?[0-9]{3}-?[0-9]{4}|400-?[0-9]{4}-?[0-9]{3}"
)


def is_phone(text: str) -> bool:
    """Whether a text is a mobile number, a landline (area code and extension optional) or a 400 number."""
    return _PHONE.fullmatch(text) is not None
