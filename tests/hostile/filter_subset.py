"""A JSONPath filter that asks of 20,000 items whether 30,000 are among 30,000, after a Wait."""

from hostile import End
from hostile.shapes import after_a_wait

DEFINITION = after_a_wait({"Type": "Pass", "Parameters": {"found.$": "$.c[?($.b subsetof $.b)]"}})
INPUT = {"b": list(range(30_000)), "c": [0] * 20_000}
ENDS = End.REFUSED | End.FAILED
