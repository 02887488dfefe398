"""600 states whose history holds 200 KB for each."""

from hostile import End

STATES = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(600)}
DEFINITION = {"StartAt": "S0", "States": STATES | {"S600": {"Type": "Succeed"}}}
INPUT = {"text": "0123456789abcdef" * 12_500}
ENDS = End.SUCCEEDED
FILLS_DISK = True
