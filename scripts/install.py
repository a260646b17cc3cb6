"""Make .venv what requirements/dev.txt says, or do nothing when it already is. Used by the Makefile.

Runs with whatever Python the machine has, so it uses the standard library alone, and stays readable for a Python
that is too old, to be able to say so.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MINIMUM = (3, 11)
OTHER_NAMES = ("python3.13", "python3.12", "python3.11", "python3.14")
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOCK = ROOT / "requirements" / "dev.txt"
DISTRIBUTIONS = (ROOT, ROOT / "clients" / "python")


def main() -> None:
    require_new_python()
    holder = os.open(str(ROOT), os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)  # `make run` and `make test` may start together in a fresh clone
    wanted = digest()
    if STAMP.exists() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    print("installing into .venv (once for each change of the lock)", flush=True)
    if not runs(str(PYTHON), "-c", "import pip"):
        shutil.rmtree(str(VENV), ignore_errors=True)
        create_venv()
    install()
    STAMP.write_text(wanted)


def require_new_python() -> None:
    """Go on with a newer Python, when this one is too old and there is one; else say what is missing."""
    if sys.version_info >= MINIMUM:
        return
    for name in OTHER_NAMES:
        path = shutil.which(name)
        if path and runs(path, "-c", f"import sys, venv; sys.exit(sys.version_info < {MINIMUM})"):
            os.execv(path, [path, *sys.argv])  # noqa: S606 - that is the point
    sys.exit(
        "Python {}.{} or newer is needed; {} is {}.{}. Name another with `make PYTHON=/path/to/python3 ...`.".format(
            *MINIMUM, sys.executable, *sys.version_info[:2]
        )
    )


def digest() -> str:
    """Changes with all that decides what is installed; a clone that was moved counts, since .venv holds paths."""
    parts = [str(ROOT), sys.version, LOCK.read_text()]
    parts += [(distribution / "pyproject.toml").read_text() for distribution in DISTRIBUTIONS]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def create_venv() -> None:
    if not runs(sys.executable, "-m", "venv", str(VENV), show=True):
        sys.exit(f"{sys.executable} cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv.")


def install() -> None:
    """By uv, itself installed from the lock, since it takes seconds; by pip where uv does not run."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as uv_alone:
        found = re.search(r"^uv==.*(?:\n +--hash.*)+", LOCK.read_text(), re.MULTILINE)
        uv_alone.write(found.group(0) if found else "")
        uv_alone.flush()
        have_uv = runs(
            str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes",
            "--no-deps", "-r", uv_alone.name,
        ) and runs(str(PYTHON), "-m", "uv", "--version")  # fmt: skip
    editable = [word for distribution in DISTRIBUTIONS for word in ("-e", str(distribution))]
    if have_uv:
        uv = [str(PYTHON), "-m", "uv", "pip"]
        target = ["--quiet", "--python", str(PYTHON)]
        require(*uv, "sync", *target, "--require-hashes", str(LOCK))
        require(*uv, "install", *target, "--no-deps", "--no-build-isolation", *editable)
    else:
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        require(*pip, "--require-hashes", "-r", str(LOCK))
        require(*pip, "--no-deps", "--no-build-isolation", *editable)


def require(*command: str) -> None:
    if not runs(*command, show=True):
        sys.exit("the installation failed; the command was: {}".format(" ".join(command)))


def runs(*command: str, show: bool = False) -> bool:
    """Whether the command succeeds. Its words are shown when asked for."""
    output = None if show else subprocess.DEVNULL
    try:
        return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    main()
