"""JSONata nested 40,000 deep in conditions."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 40_000
DEFINITION = jsonata("1?" * DEPTH + "1" + ":1" * DEPTH)
ENDS = End.REFUSED
