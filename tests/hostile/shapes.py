"""What several definitions have in common."""


def single(state: dict, language: str = "JSONPath") -> dict:
    """A definition of one state, which is the last."""
    return {"QueryLanguage": language, "StartAt": "S", "States": {"S": state | {"End": True}}}


def after_a_wait(state: dict) -> dict:
    """The state comes when the start was long answered, and again after every restart of the server."""
    states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "S"}, "S": state | {"End": True}}
    return {"StartAt": "W", "States": states}


def jsonata(*expressions: str) -> dict:
    """A definition whose one state evaluates the expressions."""
    output = {f"m{number}": "{% " + expression + " %}" for number, expression in enumerate(expressions)}
    return single({"Type": "Pass", "Output": output}, "JSONata")


def map_state(number: int) -> dict:
    """A Map that does nothing with its items; states have names of their own."""
    name = f"I{number}"
    return {"Type": "Map", "ItemProcessor": {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}}


def filled(count: int, text: str) -> dict:
    """So many members with the same reference path or intrinsic function."""
    return {f"m{number}.$": text for number in range(count)}
