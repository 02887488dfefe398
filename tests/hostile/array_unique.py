"""Intrinsic functions that look for duplicates among 40,000 numbers, 200 times."""

from hostile import End
from hostile.shapes import filled, single

DEFINITION = single({"Type": "Pass", "Parameters": filled(200, "States.ArrayLength(States.ArrayUnique($))")})
INPUT = list(range(40_000))
ENDS = End.FAILED | End.SUCCEEDED
