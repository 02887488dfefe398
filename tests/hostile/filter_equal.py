"""A JSONPath filter that compares two lists of 15,000 numbers for each of 20,000 items, after a Wait."""

from hostile import End
from hostile.shapes import after_a_wait

DEFINITION = after_a_wait({"Type": "Pass", "Parameters": {"found.$": "$.c[?($.a == $.b)]"}})
INPUT = {"a": list(range(15_000)), "b": [*range(14_999), 0], "c": [0] * 20_000}
ENDS = End.FAILED | End.SUCCEEDED
