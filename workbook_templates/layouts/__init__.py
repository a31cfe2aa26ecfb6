"""Layouts: what a table that is not ours looks like, said once as data and used to read and to write it.

A layout is a CSV that an office can edit (`HEADS`), one row for each head of the table, in order: the sheet, what a
row of it is, in which rows its heads stand, the head (the parts of one in several rows joined by `_`), the declared
column that it means, the unit that it is in, and how its values are spelt there. `declared` reads and writes layouts,
`found` finds their heads in a table, `taken` takes the table in, `filled` fills a blank, `learnt` proposes one.
"""
