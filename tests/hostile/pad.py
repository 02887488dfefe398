"""JSONata that pads a text to 300 MB."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("$pad('x', 3e8)")
ENDS = End.FAILED
