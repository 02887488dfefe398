"""A loop that writes 240 KB with each of 25,000 events."""

from hostile import End

CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$.text", "IsPresent": True, "Next": "P"}], "Default": "E"}
STATES = {"P": {"Type": "Pass", "Next": "C"}, "C": CHOICE, "E": {"Type": "Succeed"}}
DEFINITION = {"StartAt": "P", "States": STATES}
INPUT = {"text": "0123456789abcdef" * 15_000}
ENDS = End.FAILED
FILLS_DISK = True
