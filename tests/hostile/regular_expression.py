"""A JSONata regular expression of high cost on a text of 250 KB."""

from hostile import End
from hostile.shapes import jsonata

COSTLY = "$match($states.input, /(a?){50}(a*)*(a|a|aa)+$/)"
DEFINITION = jsonata(*[COSTLY] * 50)
INPUT = "a" * 250_000 + "!"
ENDS = End.FAILED
