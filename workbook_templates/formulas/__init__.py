"""The rules as formulas of the county workbook: what says at the cell, while the officer types, what is wrong.

`expressions` turns the conditions of `validators.expr` into Excel text, `functions` says the named functions that
they call, `cells` says how a formula reads a cell as the reader does, and `plan` lays all of it out: helper cells in
hidden columns beside each list, the texts and tables on a hidden sheet, and the names that carry every formula.

A helper cell holds nothing but a name. So rows can be inserted, deleted, sorted and pasted over without a #REF!, a
file stays small however an application spells its formulas, and each formula stands in the file once.
"""
