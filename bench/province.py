"""Import this and the rule set has the divisions of the made-up province; child processes import it as well."""

from addin.reading import isolation
from bench.data import YEAR, province_divisions
from validators import ruleset

ruleset.load(YEAR).tables["divisions"] = province_divisions()
if __name__ not in isolation.PRELOADED:
    isolation.PRELOADED.insert(0, __name__)  # before anything is made from the rule set
