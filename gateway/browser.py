"""What is for browsers: sessions, logging in, the admin UI. Put together from the settings."""

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.icon import ICON_PATH, icon
from gateway.login import HOME, Login
from gateway.metrics import observed
from gateway.oidc import CALLBACK_PATH, START_PATH, Oidc
from gateway.pages import ASSETS_PATH, AdminPages, is_page, wants_page
from gateway.resources import Resource
from gateway.sessions import Sessions
from server.settings import Settings

PAGE = "page"
"""The route, for the metrics, of all views of the admin UI: they are one file."""


def browser_routes(settings: Settings, sessions: Sessions, pages: AdminPages) -> list[BaseRoute]:
    """They go before the paths of the contract, none of which they hide."""
    resource = partial(Resource, stall_seconds=settings.http_stall_seconds)
    oidc = Oidc(settings, sessions) if settings.oidc_issuer is not None else None
    login = Login(settings, sessions, START_PATH if oidc is not None else None)
    routes: list[BaseRoute] = [
        Route("/session", resource(get=sessions.get, post=sessions.post, delete=sessions.delete)),
        Route("/login", resource(get=login.show, post=login.choose)),
        Route("/logout", resource(post=login.leave)),
        Route(f"{ASSETS_PATH}{{name:path}}", resource(get=pages.asset)),
        Route(ICON_PATH, resource(get=icon)),
        *(Route(path, resource(get=_to_home)) for path in ("/", "/admin", "/admin/")),
    ]
    if oidc is not None:
        routes += [
            Route(START_PATH, resource(get=oidc.start)),
            Route(CALLBACK_PATH, resource(get=oidc.finish)),
        ]
    return routes


class PageOrCall:
    """An ASGI app for paths that have both a view of the admin UI and calls: navigations of browsers get the page."""

    def __init__(self, pages: AdminPages, calls: ASGIApp, *, stall_seconds: float) -> None:
        self._page = Resource(get=pages.index, stall_seconds=stall_seconds)
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] in {"GET", "HEAD"} and is_page(scope["path"]):
            accept = ", ".join(Request(scope).headers.getlist("accept"))
            if wants_page(accept):
                observed(scope).route = PAGE
                await self._page(scope, receive, send)
                return
        await self._calls(scope, receive, send)


async def _to_home(_request: Request) -> Response:
    return RedirectResponse(HOME, 303)
