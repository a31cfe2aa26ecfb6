"""What workbooks look like: building, reading and writing them."""
