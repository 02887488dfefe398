"""JSONata nested 20,000 deep in function bodies."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 20_000
DEFINITION = jsonata("function(){" * DEPTH + "1" + "}" * DEPTH)
ENDS = End.REFUSED
