"""What a text may hold, said once: what a workbook can carry, what nobody sees, and what only looks like another.

The reader takes texts apart by it, messages show by it what is invisible, and the writers refuse by it.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

LONGEST = 32_767
"""UTF-16 units that a cell holds, which is how Excel counts."""

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot carry, so no workbook can."""
BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Soft line breaks, paragraph and page breaks of other programs (Word writes U+000B)."""
UNSEEN = (
    r"\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff"
)
"""Characters that nothing is seen of: controls, marks of direction and joining, variation selectors, fillers."""
SPACES = dict.fromkeys(
    map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
)
"""Blanks of other widths, those of web pages among them."""
NUMBER_SIGNS = {ord("，"): ",", ord("。"): "."}
"""What a Chinese input method writes in a number."""
LOST = "\ud800-\udfff\ufffd"
"""What is left of a character that a program could not write."""
PRIVATE_USE = r"\ue000-\uf8ff\U000f0000-\U0010ffff"
"""Characters of a font's own (造字): another computer shows them as a box or not at all."""

_RADICALS = dict(
    zip(
        "⺁⺟⺠⺩⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳",
        "厂母民王虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟",
        strict=True,
    )
)
"""Radicals that Unicode gives no equivalent for, and the characters that they look like."""
_NAMED = ((0x2E80, 0x2FDF), (0xF900, 0xFAD9), (0x2F800, 0x2FA1D))
"""Radicals and compatibility characters, as a PDF gives them in the place of ordinary ones."""
RADICALS: dict[int, str] = {
    code: ordinary
    for first, last in _NAMED
    for code in range(first, last + 1)
    if (ordinary := _RADICALS.get(chr(code)) or unicodedata.normalize("NFKC", chr(code))) != chr(code)
}
"""Code points that look like an ordinary character of Chinese, and that character."""
LATIN_LOOKALIKES: dict[int, str] = {
    **{ord(other): latin for other, latin in zip("АВСЕНІКМОРТХЅЈ", "ABCEHIKMOPTXSJ", strict=True)},
    **{ord(other): latin for other, latin in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)},
    **dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), "-"),
}
"""Cyrillic and Greek capitals and the other dashes, and what they are taken for in a code, a number or a choice."""

_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ODD = re.compile(f"[{BREAKS}{UNSEEN}{LOST}{PRIVATE_USE}\n\r\t]")
_UNPLAIN = re.compile(f"[\r{BREAKS}{UNSEEN}\ud800-\udfff]")
_LOOKALIKE = re.compile(f"[{''.join(map(chr, (*RADICALS, *LATIN_LOOKALIKES)))}]")
_MOST_SHOWN = 100
"""Characters of a value that a message shows."""


def is_shown(text: str) -> bool:
    """Whether all of a text may be shown as it stands, on one line: letters, signs and blanks, the wide one of Chinese too."""
    return text.isprintable() or all(char.isprintable() or unicodedata.category(char) == "Zs" for char in text)


def length(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def joined(text: str) -> str:
    """Text with the two halves of a character, as some programs spell it, put together; lone halves stay."""
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def plain(text: str) -> str:
    """Text as it may be written anywhere: soft breaks are line breaks, what nobody sees is left out."""
    if _UNPLAIN.search(text) is None:
        return text
    found = re.sub(f"\r\n|[\r{BREAKS}]", "\n", joined(text))
    return re.sub("[\ud800-\udfff]", "\ufffd", re.sub(f"[{UNSEEN}]", "", found))


def visible(text: str, most: int = _MOST_SHOWN) -> str:
    """Text as a message shows it: on one line, what is invisible named, the rest of a long one counted."""
    found = _ODD.sub(lambda match: _SHOWN.get(match[0], f"〔U+{ord(match[0]):04X}〕"), text[:most])
    return found + (f"…（共 {len(text)} 字）" if len(text) > most else "")


_SHOWN = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}


def remarks(text: str) -> Iterator[str]:
    """What there is in a text that people do not see, a few words each."""
    for char in dict.fromkeys(_ODD.findall(text)):
        if re.match(f"[{UNSEEN}]", char):
            yield f"看不见的字符 U+{ord(char):04X}"
        elif char in BREAKS:
            yield f"软换行符 U+{ord(char):04X}"
    for char in dict.fromkeys(_LOOKALIKE.findall(text)):
        code = ord(char)
        kind = "康熙部首" if 0x2F00 <= code <= 0x2FDF else "部首" if code < 0x2FE0 and code > 0x2E7F else "形近字符"
        yield f"{kind} {char}（U+{code:04X}），应为 {RADICALS.get(code) or LATIN_LOOKALIKES[code]}"


_SIGNS = re.compile(r"[\W_]+")


@lru_cache(1000)
def spoken(text: str) -> str:
    """The letters and digits of a text, in small half-width letters: what it says once its signs are taken away."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", text)).casefold()


ERROR_WORDS = (
    "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA", "Err:502",
)  # fmt: skip
"""What a spreadsheet shows where a formula failed, pasted as a text."""


def is_error_word(text: str) -> bool:
    """Whether a text without blanks is one of `ERROR_WORDS`, in whatever width and case."""
    return text.startswith(("#", "＃", "E", "Ｅ", "e")) and unicodedata.normalize("NFKC", text).upper() in _ERROR_WORDS


_ERROR_WORDS = frozenset(map(str.upper, ERROR_WORDS))

_LEADS = "".join(
    bytes((first, second)).decode("gbk", "ignore") for first in range(0xE3, 0xEA) for second in range(0x80, 0xC0)
)
"""What GBK shows of the first two bytes of a Han character in UTF-8; real names have some of them too."""
_LATIN = "\x80-\xffŒœŠšŸŽžƒˆ˜–-•…‰‹›€™"
"""Characters of Windows-1252 beyond ASCII, and the controls that Latin-1 has in their place."""
_ACCENTED = "À-ÖØ-öø-ÿŒœŠšŸŽžƒ"
GARBLED_BY = rf"{_LEADS}{_ACCENTED}锟烫屯?？&%\\"
"""Characters without which no text is garbled or has a gap, as a class of a pattern."""
_LEAD = re.compile(f"[{_LEADS}]")
_CERTAIN = re.compile(
    rf"锟斤|斤拷|烫烫烫|屯屯屯|(?=[{_LATIN}]*[{_ACCENTED}][{_LATIN}]*[{_ACCENTED}])[{_LATIN}]{{4}}"
    r"|&(?:#x?[0-9a-fA-F]{2,6}|amp|nbsp|lt|gt|quot);|\\u[0-9a-fA-F]{4}|%E[3-9]%[89AB][0-9A-F]%[89AB][0-9A-F]"
)
"""U+FFFD written and read as GBK, memory that was never filled, Han characters read as Latin, and texts still escaped."""
_HAN = re.compile("[\u4e00-\u9fff]")
_BETWEEN_HAN = re.compile("(?<=[\u4e00-\u9fff])[?](?=[\u4e00-\u9fff])")


def garbled(text: str) -> bool:
    """Whether a text was surely read in another encoding than it was written in."""
    if _CERTAIN.search(text):
        return True
    return _LEAD.search(text) is not None and any(map(_utf8_as_gbk, re.split("[?？\ufffd]", text)))


def _utf8_as_gbk(text: str) -> bool:
    """Whether a text is that of UTF-8 bytes read as GBK: they are at least two Han characters in common use, and no more."""
    try:
        found = codecs.getincrementaldecoder("utf-8")().decode(text.encode("gbk"))  # the last one may be cut off
        found.encode("gb2312")
    except UnicodeError:
        return False
    return len(_HAN.findall(found)) > 1


def gap(text: str) -> bool:
    """Whether a question mark stands between Han characters, as a program writes for one that it does not know."""
    return "?" in text and _BETWEEN_HAN.search(text) is not None


_SAME = str.maketrans({"㎡": "m²", "(": "（", ")": "）", "％": "%", "[": "（", "]": "）", "【": "（", "】": "）"})


_NOISE = re.compile(r"[\s_\-—–－/／·:：*＊※△○]+")


@lru_cache(20_000)
def folded(text: str) -> str:
    """A head or name without what differs between spellings of the same: joiners, blanks, stars, wide letters, brackets."""
    wide = unicodedata.normalize("NFKC", text.replace("㎡", "m²").replace("²", "\0")).replace("\0", "²")
    return _NOISE.sub("", wide.translate(_SAME)).upper()
