"""A path that descends 40 times, each time from everything it found before."""

from hostile import End
from hostile.shapes import single

DEFINITION = single({"Type": "Pass", "Parameters": {"found.$": "$" + "..*" * 40}})
INPUT = {"n": [[[[[[[[[[number]]]]]]]]] for number in range(1_000)]}
ENDS = End.FAILED | End.SUCCEEDED
