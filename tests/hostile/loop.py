"""A Choice that comes back to itself for ever."""

from hostile import End

CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$", "IsPresent": True, "Next": "C"}], "Default": "E"}
DEFINITION = {"StartAt": "C", "States": {"C": CHOICE, "E": {"Type": "Succeed"}}}
ENDS = End.FAILED
