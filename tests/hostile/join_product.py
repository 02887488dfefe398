"""JSONata that pairs 20,000 numbers with themselves."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("$count([1..20000].($a := $; [1..20000].($ + $a)))")
ENDS = End.FAILED
