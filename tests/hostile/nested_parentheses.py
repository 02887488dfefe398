"""JSONata nested 40,000 deep in parentheses."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 40_000
DEFINITION = jsonata("(" * DEPTH + "1" + ")" * DEPTH)
ENDS = End.REFUSED
