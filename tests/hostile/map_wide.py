"""A Map of 100,000 iterations that fail and are tried again for ever."""

from hostile import End

FAIL = {"Type": "Fail", "Error": "Again"}
MAP = {
    "Type": "Map",
    "ItemProcessor": {"StartAt": "F", "States": {"F": FAIL}},
    "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxAttempts": 99_999_999, "BackoffRate": 1}],
    "End": True,
}
DEFINITION = {"StartAt": "M", "States": {"M": MAP}}
INPUT = [0] * 100_000
ENDS = End.ENDLESS
