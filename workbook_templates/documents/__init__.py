"""Documents that are printed of a workbook: outlines, templates, what stands in them, and the files that come of it.

`outline` makes a template, a .docx, of each outline that is shipped here; an office may hand in its own in its place.
`docx_package` looks such a file over and writes the new ones, `filling` puts what is known into it, and `document_facts` says what
is known: nothing but what stands in the workbook, under the names of its sheets and columns.
"""
