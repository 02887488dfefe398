"""A JSONata sum of 200,000 terms."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("+".join(["1"] * 200_000))
ENDS = End.REFUSED | End.SUCCEEDED
