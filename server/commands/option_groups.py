"""Options that several commands share, handed to each of them as one value."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import StrEnum
from functools import wraps
from typing import Any

import click

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


def gathered(group: type[Any], name: str, options: Sequence[Decorator]) -> Decorator:
    """Adds the options to a command, in this order, and gives it their values as an argument ``name``: a ``group``, a
    dataclass with a field for each of them."""
    own = [field.name for field in fields(group)]

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(*arguments: Any, **values: Any) -> Any:  # noqa: ANN401 - whatever the command takes and gives
            values[name] = group(**{each: values.pop(each) for each in own})
            return command(*arguments, **values)

        decorated: Command = run
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def one_of(values: type[StrEnum]) -> click.Choice[str]:
    """The values as the domain spells them."""
    return click.Choice([each.value for each in values])
