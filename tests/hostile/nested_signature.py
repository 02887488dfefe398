"""A JSONata function whose signature is nested 6,170 deep."""

from hostile import End
from hostile.shapes import jsonata

DEPTH = 6_170
DEFINITION = jsonata(f"function($x)<{'a<' * DEPTH}n{'>' * DEPTH}:n>{{ $x }}")
ENDS = End.REFUSED | End.FAILED
