"""5,000 JSONata regular expressions that become big programs."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata(*[f"$contains('x', /(?:[^{number}]{{30}}){{30}}/)" for number in range(5_000)])
ENDS = End.FAILED | End.SUCCEEDED
