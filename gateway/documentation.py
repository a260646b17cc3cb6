"""The OpenAPI document of the gateway, and a viewer for it at /docs, whose parts all come from here."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.compression import takes_gzip
from gateway.html import page, paragraph
from gateway.resources import Resource
from gateway.routes import NoRoute

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""As safe; the one in C takes a tenth of the time, and is in every wheel."""
_PLACES = (
    Path(__file__).with_name("openapi.yaml"),
    Path(__file__).resolve().parent.parent / "docs" / "api" / "openapi.yaml",
)
"""Of an image, which copies it to the code, and of a checkout."""
_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
"""Of the package swagger-ui-py, which is only read: nothing of it runs here."""
_VIEWER = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  showExtensions: true,
  validatorUrl: null,
});
"""
_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Rodistaa Tickets</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="viewer"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/viewer.js"></script>
</html>
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Scripts and styles from here alone, in files. The viewer's icons are data: URLs of its style sheet."""


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    etag: str
    packed: bytes
    """In gzip: made once, since who asks need not say who they are."""


def documentation_routes(*, stall_seconds: float) -> list[BaseRoute]:
    """They go before the paths of the contract, none of which they hide."""
    documentation = Documentation()
    resource = partial(Resource, stall_seconds=stall_seconds)
    return [
        Route("/docs", resource(get=documentation.viewer)),
        Route("/docs/{name}", resource(get=documentation.asset)),
        Route("/openapi.yaml", resource(get=documentation.as_yaml)),
        Route("/openapi.json", resource(get=documentation.as_json)),
    ]


class Documentation:
    """Reads each file when it is first asked for, and once."""

    async def viewer(self, _request: Request) -> Response:
        """The page."""
        if await run_sync(lambda: self._yaml) is None:
            return page("No documentation", paragraph("This installation has no OpenAPI document."), status=404)
        return Response(
            _PAGE,
            media_type="text/html",
            # It sends the cookie of a session along when a call is tried, and says where the call comes from.
            headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin", "Cache-Control": "no-cache"},
        )

    async def asset(self, request: Request) -> Response:
        """What the page is made of."""
        return _answer(request, (await run_sync(lambda: self._assets)).get(request.path_params["name"]))

    async def as_yaml(self, request: Request) -> Response:
        """The document as it is in docs/api."""
        return _answer(request, await run_sync(lambda: self._yaml))

    async def as_json(self, request: Request) -> Response:
        """The same."""
        return _answer(request, await run_sync(lambda: self._json))

    @cached_property
    def _yaml(self) -> _File | None:
        found = next((place for place in _PLACES if place.is_file()), None)
        return _file(found.read_bytes(), "application/yaml; charset=utf-8") if found is not None else None

    @cached_property
    def _json(self) -> _File | None:
        if self._yaml is None:
            return None
        document = yaml.load(self._yaml.content, _Loader)  # noqa: S506 - it is a safe one
        made = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return _file(made.encode(), "application/json")

    @cached_property
    def _assets(self) -> dict[str, _File]:
        package = find_spec("swagger_ui")
        folder = Path(package.origin).parent / "static" if package is not None and package.origin else None
        found = {} if folder is None else {name: _file((folder / name).read_bytes(), _ASSETS[name]) for name in _ASSETS}
        return {**found, "viewer.js": _file(_VIEWER.encode(), _ASSETS["swagger-ui-bundle.js"])}


def _file(content: bytes, kind: str) -> _File:
    packed = gzip.compress(content, mtime=0)
    return _File(content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"', packed)


def _answer(request: Request, file: _File | None) -> Response:
    if file is None:
        raise NoRoute
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if file.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    content = file.content
    if takes_gzip(", ".join(request.headers.getlist("accept-encoding"))):
        content = file.packed
        headers["Content-Encoding"] = "gzip"
    return Response(content, headers={**headers, "Content-Type": file.kind})
