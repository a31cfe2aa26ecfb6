"""The rules, one module per group of rules.csv ids."""
