"""Intrinsic functions nested 20,000 deep."""

from hostile import End
from hostile.shapes import single

DEPTH = 20_000
CALL = "States.Array(" * DEPTH + "1" + ")" * DEPTH
DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": CALL}})
ENDS = End.REFUSED
