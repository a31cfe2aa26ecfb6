"""Words that stand in tables of all kinds and are none of their data."""

import re

NOTHING = frozenset(("", "/", "\\", "-", "—", "——", "－", "–", "无数据", "N/A", "n/a", "#N/A", "NA"))
"""What stands in a cell that says nothing."""
TOTALS = re.compile(r"^(?:总|小|合|共|累)计|^合\s*计|^汇总$")
NOTES = re.compile(r"^(?:注|备注|说明|填表|填报|制表|审核|审批|复核|单位负责|联系人|日期)[：:（(]?")
DITTO = frozenset(("同上", "〃", '"', "″", "“", "”", "''"))
