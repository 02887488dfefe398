"""JSONata nested 40,000 deep in arrays."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 40_000
DEFINITION = jsonata("[" * DEPTH + "]" * DEPTH)
ENDS = End.REFUSED
