"""A JSONPath filter nested 40,000 deep in parentheses."""

from hostile import End
from hostile.shapes import single

DEPTH = 40_000
PATH = f"$[?({'(' * DEPTH}@.a == 1{')' * DEPTH})]"
DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": PATH}})
ENDS = End.REFUSED | End.SUCCEEDED
