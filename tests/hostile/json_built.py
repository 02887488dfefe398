"""JSONata that writes and reads JSON of megabytes, again and again."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata(*["$count($eval($string([1..300000])))", "$length($string([1..300000]))"] * 50)
ENDS = End.FAILED
