"""Intrinsic functions that nest a whole input in arrays, 700 times."""

from hostile import End
from hostile.shapes import filled, single

ARRAY = f"States.JsonToString(States.Array({', '.join(['$'] * 60)}))"
DEFINITION = single({"Type": "Pass", "Parameters": filled(700, ARRAY)})
INPUT = list(range(40_000))
ENDS = End.FAILED
