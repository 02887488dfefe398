"""An execution that starts two of its own kind, and ends."""

from hostile import End

START = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution",
    "Parameters": {"StateMachineArn.$": "$$.StateMachine.Id", "Input": {}},
    "ResultPath": None,
}
DEFINITION = {"StartAt": "First", "States": {"First": START | {"Next": "Second"}, "Second": START | {"End": True}}}
ENDS = End.SUCCEEDED
FILLS_DISK = True
