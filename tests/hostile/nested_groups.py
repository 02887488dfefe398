"""A JSONata regular expression nested 40,000 deep in groups."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 40_000
DEFINITION = jsonata(f"$match('a', /{'(' * DEPTH}a{')' * DEPTH}/)")
ENDS = End.REFUSED
