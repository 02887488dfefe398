"""1,000 Maps, one after the other, of as many iterations as a history holds."""

from hostile import End
from hostile.shapes import map_state

MAPS = {f"M{number}": map_state(number) | {"ResultPath": None, "Next": f"M{number + 1}"} for number in range(1_000)}
DEFINITION = {"StartAt": "M0", "States": MAPS | {"M1000": {"Type": "Succeed"}}}
INPUT = list(range(10))
ENDS = End.FAILED
