"""Writes docs/api/openapi.yaml from the contract. ``--check`` writes nothing, and fails when the file differs.

Run from the root of the repository: ``.venv/bin/python -m scripts.openapi``.
"""

import sys
from difflib import unified_diff

from scripts.openapi.comments import ROOT, read_comments
from scripts.openapi.document import make_document
from scripts.openapi.yaml_text import to_yaml

TARGET = ROOT / "docs" / "api" / "openapi.yaml"
_HEADING = "Generated from proto/ by scripts/openapi.sh; edits are lost, and CI fails when it differs."


def main(arguments: list[str]) -> int:
    """The exit status."""
    made = to_yaml(make_document(read_comments()), _HEADING)
    if arguments == ["--check"]:
        present = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
        sys.stderr.writelines(
            list(
                unified_diff(
                    present.splitlines(keepends=True), made.splitlines(keepends=True), "committed", "generated"
                )
            )[:200]
        )
        return int(present != made)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
