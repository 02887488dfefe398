"""37 KB of members that each list everything in the input."""

from hostile import End
from hostile.shapes import filled, single

DEFINITION = single({"Type": "Pass", "Parameters": filled(2_600, "$..*")})
INPUT = [[number] for number in range(28_000)]
ENDS = End.FAILED
