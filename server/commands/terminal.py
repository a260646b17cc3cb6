"""How commands speak to a terminal: nothing that others wrote may command it, and failures are one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from rodistaa.tickets.client import ExportEndedError, TicketsError, TransferError

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def console(*, stderr: bool = False) -> Console:
    """Prints what it is given: nothing in it is markup."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def visible(text: str) -> str:
    """Without what could command the terminal (controls), or make it show another order than was written."""
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def in_a_line(text: str) -> str:
    """The same, without line breaks."""
    return " ".join(visible(text).split())


def sentence(error: Exception) -> str:
    """What went wrong, in a line: with its reason where the server says one, with the file where there is one."""
    if isinstance(error, TicketsError):
        told = "; ".join((error.message, *error.unmentioned_fields()))
        return in_a_line(f"{told} ({error.reason or error.code.name})")
    if isinstance(error, OSError) and error.filename is not None:
        return in_a_line(f"{error.filename}: {error.strerror}")
    return in_a_line(str(error))


@contextmanager
def failures_in_a_line() -> Iterator[None]:
    """Makes click's error, exit status 1, of what calls, transfers and files raise. A reader that went away is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (TicketsError, TransferError, ExportEndedError, OSError) as error:
        raise click.ClickException(sentence(error)) from None
