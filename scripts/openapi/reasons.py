"""Reasons of errors: which of them the comment of an RPC names, and what the contract says of each."""

import re

import grpc

from gateway.errors import http_status_of
from rodistaa.tickets.v1 import errors_pb2
from scripts.openapi.comments import Comments

_PREFIX = "ERROR_REASON_"
_NAME = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_BETWEEN_NAMES = re.compile(r"[\s,.]+")


class Reasons:
    """Those of ErrorReason, without the prefix."""

    def __init__(self, comments: Comments) -> None:
        enum = errors_pb2.ErrorReason.DESCRIPTOR
        self._texts = {
            value.name.removeprefix(_PREFIX): comments.of(f"{enum.full_name}.{value.name}")
            for value in enum.values
            if value.number
        }

    def named_in(self, comment: str) -> list[str]:
        """In the order in which they are named, each once."""
        return list(dict.fromkeys(name for name in _NAME.findall(comment) if name in self._texts))

    def without_list(self, comment: str) -> str:
        """Without paragraphs that only list reasons: ``described`` says more."""
        paragraphs = comment.split("\n\n")
        return "\n\n".join(each for each in paragraphs if not self._only_lists(each))

    def described(self, reasons: list[str]) -> str:
        """A Markdown list; empty for none."""
        if not reasons:
            return ""
        lines = [f"- `{name}`, HTTP {self.http_status(name)}: {self._meaning(name)}" for name in reasons]
        return "Reasons of errors, beside those that every call may have:\n\n" + "\n".join(lines)

    def http_status(self, reason: str) -> int:
        """By the gRPC code that the contract's comment begins with."""
        return http_status_of(grpc.StatusCode[self._texts[reason].partition(":")[0]].value[0])

    def _only_lists(self, paragraph: str) -> bool:
        words = [word for word in _BETWEEN_NAMES.split(paragraph) if word]
        return bool(words) and all(word in self._texts for word in words)

    def _meaning(self, reason: str) -> str:
        return self._texts[reason].partition(":")[2].strip().replace("\n", " ")
