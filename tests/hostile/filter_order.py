"""A JSONPath filter that compares each of 14,000 texts with all of them at once."""

from hostile import End
from hostile.shapes import single

DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": "$[?(@ < $)]", "others.$": "$[?(@ == $)]"}})
INPUT = [f"{number}" for number in range(14_000)]
ENDS = End.FAILED | End.SUCCEEDED
