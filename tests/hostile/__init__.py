"""Definitions and inputs that try to take more than their share, one to a file; the first line of each says how.

A file has a `DEFINITION`, what its executions get as `INPUT`, and how they may end, `ENDS`. Big ones are written as
what makes them, so that they can be read.
"""

import importlib
import json
import pkgutil
from dataclasses import dataclass
from enum import Flag, auto


class End(Flag):
    """What becomes of a definition, or of its executions; several, where each of them would do."""

    REFUSED = auto()  # When it is created.
    FAILED = auto()
    SUCCEEDED = auto()
    ENDLESS = auto()  # RUNNING until it is stopped.


@dataclass(frozen=True)
class Kind:
    """A definition, and what is known of it."""

    name: str
    about: str
    definition: str
    input: str
    ends: End
    # Whether its executions leave so much in the database, or start so many more, that a disk is full before long.
    fills_disk: bool


def kinds() -> list[Kind]:
    """All there are, by name."""
    modules = [one.name for one in pkgutil.iter_modules(__path__) if one.name != "shapes"]
    return [_kind(name) for name in sorted(modules)]


def _kind(name: str) -> Kind:
    module = importlib.import_module(f"{__name__}.{name}")
    definition = module.DEFINITION if isinstance(module.DEFINITION, str) else json.dumps(module.DEFINITION)
    return Kind(
        name=name.replace("_", "-"),
        about=module.__doc__.strip(),
        definition=definition,
        input=json.dumps(getattr(module, "INPUT", {}), separators=(",", ":")),
        ends=module.ENDS,
        fills_disk=getattr(module, "FILLS_DISK", False),
    )
