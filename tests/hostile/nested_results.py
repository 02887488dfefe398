"""JSONata that builds a value 100,000 arrays deep."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("$reduce([1..100000], function($inner) { [[$inner]] }, 0)")
ENDS = End.FAILED
