"""A JSONPath filter that looks for each of 40,000 numbers among all of them."""

from hostile import End
from hostile.shapes import single

DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": "$[?(@ in $)]"}})
INPUT = list(range(40_000))
ENDS = End.REFUSED | End.FAILED
