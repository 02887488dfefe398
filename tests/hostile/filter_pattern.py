"""A JSONPath filter with a pattern of high cost, on 2,000 texts of 100 letters, 50 times."""

from hostile import End
from hostile.shapes import filled, single

DEFINITION = single({"Type": "Pass", "Parameters": filled(50, "$[?(@ =~ /(a?){50}(a*)*(a|a|aa)+b/)]")})
INPUT = ["a" * 100] * 2_000
ENDS = End.FAILED | End.SUCCEEDED | End.REFUSED
