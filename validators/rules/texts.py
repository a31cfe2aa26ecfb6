"""Texts as rules compare them: names without their signs, and the word lists of the rule set."""

import re
from unicodedata import normalize

from validators.expr import Expr, lookup


def words(name: str) -> Expr:
    """A word list of the rule set, as a pattern that finds any of its words."""
    return lookup("words", name)


def mentions(text: str, listed: re.Pattern[str]) -> bool:
    """Whether one of the words stands in a text."""
    return listed.search(text) is not None


def bare(name: str) -> str:
    """A name without blanks, brackets and other signs, in half-width letters."""
    return "".join(filter(str.isalnum, normalize("NFKC", name))).upper()
