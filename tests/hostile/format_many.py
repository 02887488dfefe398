"""700 members that each write an input of 250 KB 63 times."""

from hostile import End
from hostile.shapes import after_a_wait, filled

FORMAT = f"States.Format('{'{}' * 63}', {', '.join(['$.text'] * 63)})"
DEFINITION = after_a_wait({"Type": "Pass", "Parameters": filled(700, FORMAT)})
INPUT = {"text": "x" * 250_000}
ENDS = End.FAILED
