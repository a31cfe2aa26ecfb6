"""LibreOffice Calc as an engine of xlwings, over UNO; needs nothing else of this project.

        from addin.apps.libreoffice.engine import app
    from addin.apps.libreoffice.instance import Office

    with Office.start("/tmp/my-profile", headless=True) as office:
            book = app(office).books.open("list.xlsx")
        book.sheets["Sheet1"].range("A1:C3").value

`README.md` beside this file says what works, and how it finds a running LibreOffice.
"""
