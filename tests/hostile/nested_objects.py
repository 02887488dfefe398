"""JSONata nested 20,000 deep in objects."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 20_000
DEFINITION = jsonata("{'a':" * DEPTH + "1" + "}" * DEPTH)
ENDS = End.REFUSED
