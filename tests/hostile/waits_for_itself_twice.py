"""An execution that starts two of its own kind, and waits for both."""

from hostile import End

START = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync:2",
    "Parameters": {"StateMachineArn.$": "$$.StateMachine.Id", "Input": {}},
    "End": True,
}
BRANCHES = [{"StartAt": name, "States": {name: START}} for name in ("First", "Second")]
DEFINITION = {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": BRANCHES, "End": True}}}
# It fails from its last descendants up where as many executions run as may.
ENDS = End.ENDLESS | End.FAILED
FILLS_DISK = True
