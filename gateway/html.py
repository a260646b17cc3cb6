"""Pages that the gateway writes itself: plain HTML without scripts, that works in any browser and read aloud."""

import hashlib
from base64 import b64encode
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
ul { list-style: none; padding: 0; display: grid; gap: .5rem; }
button { font: inherit; width: 100%; padding: .5rem .75rem; text-align: left; cursor: pointer; }
"""
_POLICY = (
    "default-src 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(title: str, content: str, *, status: int = 200) -> HTMLResponse:
    """``title`` is text, ``content`` is HTML: what comes from outside must be escaped in it."""
    text = escape(title)
    return HTMLResponse(
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text} · Rodistaa Tickets</title>\n<style>{_STYLE}</style>\n"
        f"<main>\n<h1>{text}</h1>\n{content}\n</main>\n</html>\n",
        status,
        # With no-referrer, which is what all else has, browsers would not say where a form came from.
        {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"},
    )


def paragraph(text: str) -> str:
    """Text as HTML."""
    return f"<p>{escape(text)}</p>"
