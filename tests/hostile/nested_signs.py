"""A JSONata number with 100,000 minus signs."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("- " * 100_000 + "1")
ENDS = End.REFUSED
