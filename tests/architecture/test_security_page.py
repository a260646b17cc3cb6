"""docs/security.md names tests and modules that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()


def named_tests() -> list[tuple[str, str]]:
    """File and test of each reference; one that begins with :: is of the file that was named last."""
    found, file = [], ""
    for reference in re.findall(r"`((?:tests/[\w/]+\.py)?(?:::\w+)?)`", PAGE):
        path, _, name = reference.partition("::")
        file = path or file
        if path or name:
            found.append((file, name))
    return found


def test_every_test_that_is_named_is_there() -> None:
    assert len(named_tests()) > 80
    missing = []
    for file, name in named_tests():
        path = ROOT / file
        if not path.is_file() or (name and not re.search(rf"^(?:async )?def {name}\(", path.read_text(), re.MULTILINE)):
            missing.append(f"{file}::{name}")
    assert not missing


def test_every_module_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:server|gateway|workers|migrations|deploy|requirements)/[\w./]+)`", PAGE)
    assert len(named) > 40
    assert not [path for path in named if not (ROOT / path).exists()]


def test_every_setting_that_is_named_is_there() -> None:
    source = (ROOT / "server" / "settings.py").read_text()
    named = {name.lower() for name in re.findall(r"`TICKETS_([A-Z_]+)\b", PAGE)}
    assert named
    assert not {name for name in named if f"    {name}: " not in source}
