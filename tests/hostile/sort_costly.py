"""JSONata that sorts 200,000 numbers by a function, 50 times."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata(*["$sort([1..200000], function($a, $b) { $a < $b })[0]"] * 50)
ENDS = End.FAILED
