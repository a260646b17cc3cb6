"""The gateway as an ASGI app: routes, and what goes around them."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from gateway.files import Files
from gateway.response_headers import ResponseHeaders
from server.files import open_local_requests
from server.settings import Settings


def build_app(settings: Settings) -> ASGIApp:
    """Signed URLs are served where there is a local store; with S3 settings their addresses are unknown here."""
    routes: list[BaseRoute] = [Route("/healthz", _healthy, methods=["GET"])]
    local = open_local_requests(settings)
    if local is not None:
        files = Files(local, stall_seconds=settings.http_stall_seconds)
        routes.append(Route(f"/{local.bucket}/{{key:path}}", files))
    middleware = []
    if settings.http_allowed_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.http_allowed_origins,
                allow_methods=["GET", "HEAD", "PUT"],
                allow_headers=["content-type", "if-none-match", "range", "x-amz-checksum-sha256"],
                expose_headers=["content-disposition", "content-range", "etag"],
            )
        )
    app = Starlette(routes=routes, middleware=middleware)
    app.router.redirect_slashes = False  # the address to go to would be made of the client's own Host
    return ResponseHeaders(app)  # outside of all, so that what fails has them too


async def _healthy(_request: Request) -> PlainTextResponse:
    """The process answers. It needs neither database nor server for that."""
    return PlainTextResponse("serving\n")
