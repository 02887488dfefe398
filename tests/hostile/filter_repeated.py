"""A costly JSONPath filter that keeps to its budget, and is come back to for ever."""

from hostile import End

FILTER = {
    "Type": "Pass",
    "Parameters": {"found.$": "$[?(@ =~ /(a?){50}(a*)*(a|a|aa)+b/)]"},
    "ResultPath": "$[0].found",
    "Next": "Again",
}
AGAIN = {"Type": "Choice", "Choices": [{"Variable": "$[0]", "IsPresent": True, "Next": "Filter"}], "Default": "End"}
DEFINITION = {"StartAt": "Filter", "States": {"Filter": FILTER, "Again": AGAIN, "End": {"Type": "Succeed"}}}
INPUT = [{}] + ["a" * 100] * 300
ENDS = End.ENDLESS
