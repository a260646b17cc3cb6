"""The document as YAML that people read: in the order it was made, without anchors, long texts folded."""

from typing import Any

import yaml

_WIDTH = 110
_LONG = 100


class _Dumper(yaml.SafeDumper):
    """Not the one in C, whose layout is not the same in every version of libyaml."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401, ARG002 - as the library has it
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Lists are indented below their key."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value or len(value) > _LONG:
        # A folded text must not have lines that begin with a space: those would be kept as they are.
        style = "|" if "\n " in value or value.startswith(" ") else ">"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(document: dict[str, Any], heading: str) -> str:
    """``heading`` becomes comments."""
    lines = "".join(f"# {line}\n" for line in heading.splitlines())
    return lines + yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
