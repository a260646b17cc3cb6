"""/login and /logout: how a browser gets its session, and loses it.

Who may log in is said by an OpenID provider (``gateway.oidc``), or, on a machine for development, by nobody: there the
page lists the demonstration's users, and a click makes one of them the caller.
"""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, quote, urlsplit

import click
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.html import page, paragraph
from gateway.metrics import observed
from gateway.sessions import Sessions, refusals_counted
from server.demo_tokens import demo_token
from server.demo_users import demo_user, role_title
from server.domain.roles import Role
from server.settings import Settings, is_loopback

HOME = "/admin/tickets"
"""Where a login leads that names no other place."""
_PLACE_LIMIT = 1000
_DEMO_HOURS = 12
_SEES_ALL = "Sees every ticket, assigns, closes, exports"
_OWN_ALONE = "Tickets of their own, without internal notes"
_DEMO_GROUPS: Mapping[str, Mapping[Role, str]] = {
    "Staff": {
        Role.ADMIN: "All that a manager may, bulk changes, policies, directory, webhooks",
        Role.CEO_ONCALL: _SEES_ALL,
        Role.HQ_SUPPORT: _SEES_ALL,
        Role.REGIONAL_MANAGER: _SEES_ALL,
        Role.OPS_MANAGER: _SEES_ALL,
        Role.OPS_AGENT: "Works on the queue of ops agents",
        Role.FRANCHISE_AGENT: "Works on the tickets of franchise FR-001",
        Role.FINANCE: "Works on the queue of finance, and resolves payment tickets",
        Role.COMPLIANCE_OFFICER: "Works on the queue of compliance",
    },
    "From outside": {Role.SHIPPER: _OWN_ALONE, Role.OPERATOR: _OWN_ALONE, Role.DRIVER: _OWN_ALONE},
    "Services": {Role.SYSTEM: "A service account"},
}
"""The headings of the login page, and what is said of each demo user below them."""


def local_path(place: str | None) -> str:
    """The path to go to after a login: ``place`` where that is one of this gateway, else HOME.

    Never an address: browsers take ``//host`` and ``/\\host`` for one, and leave tabs and line breaks out.
    """
    if place is None or not place.startswith("/") or len(place) > _PLACE_LIMIT:
        return HOME
    if place.startswith("//") or "\\" in place or not place.isprintable() or " " in place:
        return HOME
    try:
        parts = urlsplit(place)
    except ValueError:
        return HOME
    return place if not parts.scheme and not parts.netloc else HOME


class Login:
    """The pages. ``provider_path`` is where the login of the OpenID provider begins, if there is one."""

    def __init__(self, settings: Settings, sessions: Sessions, provider_path: str | None) -> None:
        self._settings = settings
        self._sessions = sessions
        self._provider_path = provider_path

    async def show(self, request: Request) -> Response:
        """GET /login?next=PATH."""
        place = local_path(request.query_params.get("next"))
        elsewhere = f"{self._provider_path}?next={quote(place, safe='')}" if self._provider_path else None
        if self._settings.dev_login:
            return self._demo_users(request, place, elsewhere)
        if elsewhere is not None:
            return RedirectResponse(elsewhere, 303)
        return page(
            "Logging in is not set up",
            paragraph("This gateway has no identity provider (TICKETS_OIDC_ISSUER). Calls with a token work."),
            status=404,
        )

    async def choose(self, request: Request, body: bytes) -> Response:
        """POST /login: the session of a demo user. Raises HttpError."""
        if not self._settings.dev_login:
            return page("There is nothing here", paragraph("Demo users are for development."), status=404)
        self._sessions.require_ours(request)
        if not _is_this_machine(request):
            return _not_by_this_name(request)
        form = _form(body)
        place, role = local_path(form.get("next")), form.get("role", "")
        if role not in set(Role):
            observed(request.scope).refused = "login"
            return page("There is no such user", _back(place), status=400)
        try:
            token = demo_token(self._settings, Role(role), ttl=timedelta(hours=_DEMO_HOURS))
        except click.ClickException as error:
            return page("There is no token", paragraph(error.message) + _back(place), status=500)
        with refusals_counted(request):
            session = await self._sessions.check(token)
            answer = RedirectResponse(place, 303)
            self._sessions.begin(request, token, session, answer.headers)
        return answer

    async def leave(self, request: Request, _body: bytes) -> Response:
        """POST /logout: the session's end, for pages without scripts. Raises HttpError."""
        self._sessions.require_ours(request)
        answer = RedirectResponse("/login", 303)
        self._sessions.end(request, answer.headers)
        return answer

    def _demo_users(self, request: Request, place: str, elsewhere: str | None) -> Response:
        if not _is_this_machine(request):
            return _not_by_this_name(request)
        users = "\n".join(_demo_group(heading, roles) for heading, roles in _DEMO_GROUPS.items())
        other = f'<p><a href="{escape(elsewhere)}">Log in at the identity provider</a></p>' if elsewhere else ""
        leave = '<form method="post" action="/logout" class="apart"><button>Log out</button></form>'
        return page(
            "Log in",
            paragraph("This is a machine for development: choose who you want to be.")
            + f'\n<form method="post" action="/login">\n<input type="hidden" name="next" value="{escape(place)}">\n'
            f"{users}\n</form>\n{other}{leave if self._sessions.token_of(request) else ''}",
        )


def _demo_group(heading: str, roles: Mapping[Role, str]) -> str:
    items = "\n".join(f"<li>{_demo_button(role, description)}</li>" for role, description in roles.items())
    return f"<h2>{heading}</h2>\n<ul>\n{items}\n</ul>"


def _demo_button(role: Role, description: str) -> str:
    title = role_title(role)
    return (
        f'<button name="role" value="{role}"><strong>{title[0].upper()}{title[1:]}</strong>'
        f"<span>{description}</span><span>{demo_user(role)}</span></button>"
    )


def _is_this_machine(request: Request) -> bool:
    """Whether the page was asked for by a name that no other site can have: names of others may be made to lead here,
    and their pages would be of the same origin."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)


def _not_by_this_name(request: Request) -> Response:
    observed(request.scope).refused = "foreign_page"
    text = "Demo users log in at http://127.0.0.1 or http://localhost, and the gateway's port, alone."
    return page("Not by this name", paragraph(text), status=403)


def _back(place: str) -> str:
    return f'<p><a href="/login?next={escape(quote(place, safe=""))}">Back to the login</a></p>'


def _form(body: bytes) -> dict[str, str]:
    """Empty for what is none."""
    try:
        fields = parse_qs(body.decode(), max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}
