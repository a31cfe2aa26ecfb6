"""What is right: records, rules, the rule sets of each year, findings, and the checks of a package."""
