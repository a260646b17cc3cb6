"""What browsers ask for beside every page, unless the page names an icon of its own."""

from starlette.requests import Request
from starlette.responses import Response

ICON_PATH = "/favicon.ico"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0b6e7f"/>'
    '<path d="M6 11a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v2.5a2.5 2.5 0 0 0 0 5V21a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2v-2.5a2.5 2.5'
    ' 0 0 0 0-5z" fill="#fff"/></svg>'
)
"""That of the admin UI, without its lines."""


async def icon(_request: Request) -> Response:
    """A ticket, drawn: browsers go by the type, not by the name."""
    return Response(_ICON, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})
