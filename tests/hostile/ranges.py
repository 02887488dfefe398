"""200 JSONata ranges of 800,000 numbers each."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata(*["[1..800000]"] * 200)
ENDS = End.FAILED
