"""Conditions about grading schemes; rules of several groups ask them."""

from validators.expr import Expr, Row, lookup, text_of


def ungraded(row: Row) -> Expr:
    """Whether the row's industry and subtype take no part in grading, and must reduce all the same."""
    return lookup("ungraded", row.industry, text_of(row.subtype), default="") != ""
