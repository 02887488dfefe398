"""A Parallel of 1,000 Maps with 1,000 iterations each."""

from hostile import End
from hostile.shapes import map_state

MAPS = [map_state(number) | {"End": True} for number in range(1_000)]
BRANCHES = [{"StartAt": f"M{number}", "States": {f"M{number}": state}} for number, state in enumerate(MAPS)]
DEFINITION = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": BRANCHES, "End": True}}}
INPUT = list(range(1_000))
ENDS = End.FAILED
