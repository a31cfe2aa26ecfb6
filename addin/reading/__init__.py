"""Files from outside, read apart from this process: workbooks, inboxes, inventories, rule sets."""
