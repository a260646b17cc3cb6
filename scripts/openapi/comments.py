"""The comments of the contract, which are its documentation: read from the .proto files, since stubs have none."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    SourceCodeInfo,
)
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]
_REFERENCE = re.compile(r"\[([\w.]+)\]\[[\w.]*\]")
"""To another element, as Google's comments write it: ``[Code][google.rpc.Code]``."""
_LIST_ITEM = re.compile(r"[-*] |\d+\. ")

Path_ = tuple[int, ...]
"""Of an element in a file, as SourceCodeInfo has it: field number and index in turn."""


@dataclass(frozen=True, slots=True)
class Comments:
    """By full name of message, field, oneof, enum, enum value, service or method."""

    texts: dict[str, str]

    def of(self, full_name: str) -> str:
        """Paragraphs of one line each, with an empty line between them; empty where there is no comment."""
        return self.texts.get(full_name, "")


def read_comments() -> Comments:
    """Of all files of the contract and of what they import. Raises RuntimeError where protoc refuses them."""
    with tempfile.NamedTemporaryFile(suffix=".pb") as target:
        sources = sorted((ROOT / "proto" / "rodistaa" / "tickets" / "v1").glob("*.proto"))
        status = protoc.main(
            [
                "protoc",
                f"-I{ROOT / 'proto'}",
                f"-I{ROOT / 'third_party' / 'googleapis'}",
                f"-I{files('grpc_tools') / '_proto'}",
                "--include_imports",
                "--include_source_info",
                f"--descriptor_set_out={target.name}",
                # Not imported by the contract, but part of each error.
                "google/rpc/status.proto",
                "google/rpc/error_details.proto",
                *map(str, sources),
            ]
        )
        if status != 0:
            raise RuntimeError("protoc does not take the contract")
        described = FileDescriptorSet.FromString(Path(target.name).read_bytes())
    return Comments({name: text for file in described.file for name, text in _of_file(file) if text})


def unwrapped(comment: str) -> str:
    """Without the line breaks that only the width of the file asked for; those of lists and paragraphs stay."""
    paragraphs = []
    for block in re.split(r"\n\s*\n", comment.strip("\n")):
        lines: list[str] = []
        for line in block.splitlines():
            text = line.strip()
            if lines and not _LIST_ITEM.match(text):
                lines[-1] += f" {text}"
            else:
                lines.append(text)
        paragraphs.append("\n".join(lines))
    return _REFERENCE.sub(r"`\1`", "\n\n".join(paragraphs).strip())


def _of_file(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    places: dict[Path_, SourceCodeInfo.Location] = {
        tuple(location.path): location for location in file.source_code_info.location
    }
    for path, full_name in _elements(file):
        location = places.get(path)
        if location is not None:
            yield full_name, unwrapped(location.leading_comments or location.trailing_comments)


def _elements(file: FileDescriptorProto) -> Iterator[tuple[Path_, str]]:
    """Numbers are those of the fields in descriptor.proto."""
    yield from _messages(file.message_type, (4,), file.package)
    yield from _enums(file.enum_type, (5,), file.package)
    for number, service in enumerate(file.service):
        name = f"{file.package}.{service.name}"
        yield (6, number), name
        for position, method in enumerate(service.method):
            yield (6, number, 2, position), f"{name}.{method.name}"


def _messages(messages: Sequence[DescriptorProto], at: Path_, scope: str) -> Iterator[tuple[Path_, str]]:
    for number, message in enumerate(messages):
        here, name = (*at, number), f"{scope}.{message.name}"
        yield here, name
        for position, field in enumerate(message.field):
            yield (*here, 2, position), f"{name}.{field.name}"
        for position, oneof in enumerate(message.oneof_decl):
            yield (*here, 8, position), f"{name}.{oneof.name}"
        yield from _messages(message.nested_type, (*here, 3), name)
        yield from _enums(message.enum_type, (*here, 4), name)


def _enums(enums: Sequence[EnumDescriptorProto], at: Path_, scope: str) -> Iterator[tuple[Path_, str]]:
    for number, enum in enumerate(enums):
        here, name = (*at, number), f"{scope}.{enum.name}"
        yield here, name
        for position, value in enumerate(enum.value):
            # A value's full name stands beside its enum; here it is told apart by the enum.
            yield (*here, 2, position), f"{name}.{value.name}"
