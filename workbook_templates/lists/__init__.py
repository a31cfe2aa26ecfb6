"""Lists made of inventories and grading workbooks: the public directory, guaranteed enterprises, visits."""
