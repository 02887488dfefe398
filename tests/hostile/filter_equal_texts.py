"""A JSONPath filter that compares two texts of 100 KB for each of 20,000 items."""

from hostile import End
from hostile.shapes import single

DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": "$.c[?($.a == $.b)]"}})
INPUT = {"a": "x" * 100_000 + "a", "b": "x" * 100_000 + "b", "c": [0] * 20_000}
ENDS = End.FAILED | End.SUCCEEDED
