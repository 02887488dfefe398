"""JSONata that never ends, in a branch that is caught and tried again for ever."""

from hostile import End

ENDLESS = "{% ( $f := function($n) { $n < 0 ? 0 : $f($n + 1) }; $f(1) ) %}"
PARALLEL = {
    "Type": "Parallel",
    "Branches": [{"StartAt": "Loop", "States": {"Loop": {"Type": "Pass", "Output": ENDLESS, "End": True}}}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Parallel"}],
    "End": True,
}
DEFINITION = {"QueryLanguage": "JSONata", "StartAt": "Parallel", "States": {"Parallel": PARALLEL}}
ENDS = End.ENDLESS
