"""The built admin UI: its page for navigations, its hashed files for ever."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response

from gateway.html import page, paragraph
from gateway.routes import NoRoute

PAGES_PATH = "/admin/"
ASSETS_PATH = f"{PAGES_PATH}assets/"
_FOR_EVER = "public, max-age=31536000, immutable"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""In the order of preference."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self'"
)
"""Styles within the page are those that Ant Design writes at run time (docs/adr/0020-admin-ui.md); scripts are files of
ours alone. No workers, frames, objects or media. What the page may connect to comes last: more is added."""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    encoding: str
    etag: str


class AdminPages:
    """Serves the directory of a build, which may appear, go or change while the gateway runs.

    ``connect_to`` are other origins that the page talks to: the store that signed URLs lead to.
    """

    def __init__(self, directory: Path, *, connect_to: tuple[str, ...] = ()) -> None:
        self._directory = directory
        self._policy = " ".join((_POLICY, *connect_to))

    async def index(self, request: Request) -> Response:
        """The page, whatever its path: which view it shows is up to its own router."""
        file = await run_sync(self._read, "index.html", _accepted(request))
        if file is None:
            text = "The admin UI has not been built here. The API works; /docs describes it."
            answer: Response = page("No admin UI", paragraph(text), status=404)
            answer.headers["Vary"] = "Accept"
            return answer
        headers = {
            "Content-Security-Policy": self._policy,
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-cache",
            "Vary": "Accept, Accept-Encoding",
        }
        return _answer(request, file, "text/html; charset=utf-8", headers)

    async def asset(self, request: Request) -> Response:
        """A file whose name has a hash of its content in it, as the build gives them. Raises NoRoute."""
        name = f"assets/{request.scope['raw_path'].decode('latin-1').removeprefix(ASSETS_PATH)}"
        file = await run_sync(self._read, unquote(name), _accepted(request))
        if file is None:
            raise NoRoute
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind in {"application/javascript", "application/json"}
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        return _answer(request, file, f"{kind}; charset=utf-8" if text else kind, headers)

    def _read(self, name: str, accepted: frozenset[str]) -> _File | None:
        """A file below the directory, or None: links that lead out of it are none."""
        path = PurePosixPath(name)
        if "\0" in name or "\\" in name or path.is_absolute() or any(part in {"..", "."} for part in name.split("/")):
            return None
        try:
            root = self._directory.resolve(strict=True)
            found = (root / path).resolve(strict=True)
            if not found.is_relative_to(root) or not found.is_file():
                return None
            for encoding, suffix in _ENCODINGS.items():
                packed = found.with_name(found.name + suffix)
                if encoding in accepted and packed.is_file() and not packed.is_symlink():
                    return _file(packed.read_bytes(), encoding)
            return _file(found.read_bytes(), "")
        except (OSError, ValueError):
            return None


def wants_page(accept: str) -> bool:
    """Whether a request is a browser's navigation: HTML comes before JSON in what it accepts, or alone."""
    kinds = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    if "text/html" not in kinds:
        return False
    return "application/json" not in kinds or kinds.index("text/html") < kinds.index("application/json")


def is_page(path: str) -> bool:
    """Whether the admin UI may have a view at that path: which ones it has, its own router knows.

    Custom methods, such as /admin/tickets:stats, are calls alone.
    """
    return path.startswith(PAGES_PATH) and not path.startswith(ASSETS_PATH) and ":" not in path.rpartition("/")[2]


def _file(content: bytes, encoding: str) -> _File:
    return _File(content, encoding, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _accepted(request: Request) -> frozenset[str]:
    """Encodings that the client takes; those with q=0 are not among them."""
    taken = set()
    for each in ", ".join(request.headers.getlist("accept-encoding")).lower().split(","):
        name, _, parameter = each.partition(";")
        weight = parameter.strip().removeprefix("q=")
        if not weight.strip("0.") and weight:
            continue
        taken.add(name.strip())
    return frozenset(taken)


def _answer(request: Request, file: _File, kind: str, headers: dict[str, str]) -> Response:
    headers = {**headers, "ETag": file.etag}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if file.encoding:
        headers["Content-Encoding"] = file.encoding
    return Response(file.content, headers={**headers, "Content-Type": kind})
