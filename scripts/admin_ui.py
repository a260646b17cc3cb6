"""The admin UI's packages, and its build into admin/dist, each done where it is not done yet.

    admin_ui.py build      what the gateway serves; installs what building needs
    admin_ui.py packages   everything: what building needs, and the tools of the tests

Any number of these may run at once, and beside a gateway that serves the build. Needs .venv, standard library only.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ADMIN = ROOT / "admin"
NODE_MODULES = ADMIN / "node_modules"
DIST = ADMIN / "dist"
FRESH = NODE_MODULES / ".dist"
"""Where a build is made."""
STAMP = ".build.json"
"""In the build: what it was made of, and its files."""
INPUTS = ("src", "public", "index.html", "package.json", "package-lock.json", "*.config.ts", "tsconfig*.json")
TYPES = ROOT / "clients" / "typescript" / "src" / "gen" / "http.ts"
NOT_BUILT = re.compile(r"\.(stories|test|spec)\.tsx?$")
KEPT_SECONDS = 7 * 24 * 3600
"""Pages that were opened before a build load their parts from the one before for so long."""
UNREACHABLE = re.compile(r"\b(ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b")


class Failure(Exception):
    """It cannot be done; the text says why."""


def main(arguments: list[str]) -> int:
    """The exit status."""
    if arguments not in (["build"], ["packages"]):
        print(__doc__, file=sys.stderr)
        return 2
    holder = os.open(ADMIN, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)  # `make run` and `make test` may start together in a fresh clone
    try:
        build() if arguments == ["build"] else require_packages(with_tools=True)
    except Failure as failure:
        if arguments == ["build"]:
            kept = (DIST / "index.html").exists()
            print(f"the admin UI is {'that of an earlier build' if kept else 'not there'}: {failure}", file=sys.stderr)
        else:
            print(failure, file=sys.stderr)
        return 1
    return 0


def require_packages(*, with_tools: bool) -> None:
    """Those of the lock, unless they are there."""
    if installed(with_tools=with_tools):
        return
    print("installing the admin UI's packages (once for each change of its lock)", flush=True)
    patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"]
    quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefer-offline"]
    npm("ci", *quiet, *patience, *([] if with_tools else ["--omit=dev"]))


def installed(*, with_tools: bool) -> bool:
    """Whether npm has installed just what the lock says; it writes down what it did when that is complete.

    Packages for other systems are in the lock alone.
    """
    try:
        wanted = _packages(ADMIN / "package-lock.json")
        there = _packages(NODE_MODULES / ".package-lock.json")
    except (OSError, ValueError):
        return False
    return all(
        _identity(package) == _identity(there.get(place, {}))
        for place, package in wanted.items()
        if place and not package.get("optional") and (with_tools or not _is_tool(package))
    )


def build() -> None:
    """Into admin/dist, if what it is made of has changed."""
    digest = inputs_digest()
    before = _read_stamp()
    if before.get("digest") == digest and (DIST / "index.html").exists():
        return
    require_packages(with_tools=False)
    print("building the admin UI", flush=True)
    shutil.rmtree(FRESH, ignore_errors=True)
    npm("run", "--silent", "bundle", "--", "--outDir", str(FRESH), "--emptyOutDir", "--logLevel", "warn")
    publish(FRESH, DIST, digest=digest, before=before.get("files", []))


def inputs_digest() -> str:
    """Changes with everything that the build is made of."""
    total = hashlib.sha256()
    for path in sorted({TYPES, *_inputs()}):
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def publish(fresh: Path, dist: Path, *, digest: str, before: Iterable[str] = ()) -> None:
    """Make the build ``fresh`` the one that is served from ``dist``, without a moment at which half of it is there.

    Its hashed files come first, beside those of earlier builds, and index.html last. What earlier builds had is removed
    a week after it was last in one; ``before`` is what was in the last.
    """
    dist.mkdir(exist_ok=True)
    now = time.time()
    for name in before:
        if (dist / name).exists():
            os.utime(dist / name, (now, now))
    files = sorted(path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file())
    pages = [path for path in files if path.name.startswith("index.html")]
    pages.sort(key=lambda path: path.name, reverse=True)  # the packed forms first: they are what browsers get
    for path in [*(path for path in files if path not in pages), *pages]:
        (dist / path).parent.mkdir(parents=True, exist_ok=True)
        os.utime(fresh / path, (now, now))
        (fresh / path).replace(dist / path)
    stamp = dist / f"{STAMP}.new"
    stamp.write_text(json.dumps({"digest": digest, "files": [str(path) for path in files]}))
    stamp.replace(dist / STAMP)
    _remove_old(dist, {dist / path for path in files} | {dist / STAMP}, now - KEPT_SECONDS)
    shutil.rmtree(fresh)


def npm(*arguments: str) -> None:
    """Run it in admin/; what it prints is shown when it fails, but for a registry that is out of reach."""
    done = subprocess.run(
        [str(ROOT / "scripts" / "npm.sh"), *arguments],
        cwd=ADMIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    if arguments[0] == "ci" and (found := UNREACHABLE.search(done.stdout)) is not None:
        raise Failure(f"the npm registry is out of reach ({found.group()})")
    raise Failure(f"npm {arguments[0]} failed:\n{done.stdout.strip()}")


def _inputs() -> Iterator[Path]:
    for pattern in INPUTS:
        for found in ADMIN.glob(pattern):
            for path in found.rglob("*") if found.is_dir() else [found]:
                if path.is_file() and not NOT_BUILT.search(path.name):
                    yield path


def _remove_old(dist: Path, current: set[Path], before: float) -> None:
    """What stands outside of assets/ has no hash in its name: it goes at once."""
    for path in dist.rglob("*"):
        if path.is_file() and path not in current and (path.parent != dist / "assets" or path.stat().st_mtime < before):
            path.unlink()


def _read_stamp() -> dict[str, Any]:
    try:
        stamp: dict[str, Any] = json.loads((DIST / STAMP).read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text())["packages"]
    return packages


def _is_tool(package: dict[str, Any]) -> bool:
    return bool(package.get("dev") or package.get("devOptional"))


def _identity(package: dict[str, Any]) -> tuple[object, object]:
    return package.get("version"), package.get("integrity")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
