"""Pages that the gateway writes itself: plain HTML without scripts, that works in any browser and read aloud."""

import hashlib
from base64 import b64encode
from html import escape

from starlette.responses import HTMLResponse

_STYLE = """
:root {
  color-scheme: light dark;
  --text: #1c2a2e; --muted: #57676c; --page: #f4f6f7; --card: #fff; --border: #d5dde0; --accent: #0b6e7f;
  font: 1rem/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root { --text: #e3eaec; --muted: #9db0b6; --page: #101416; --card: #1a2124; --border: #364348; --accent: #4fb8ca; }
}
* { box-sizing: border-box; }
body { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1rem; color: var(--text); background: var(--page); }
header { display: flex; align-items: center; gap: .6rem; font-weight: 600; }
header svg { width: 2rem; height: 2rem; }
h1 { margin: 2rem 0 .25rem; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 1.75rem 0 .6rem; font-size: .95rem; font-weight: 600; color: var(--muted); }
p { margin: .5rem 0; }
a { color: var(--accent); }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .6rem; margin: 0; padding: 0; }
li { display: grid; }
button {
  padding: .6rem .9rem; border: 1px solid var(--border); border-radius: .5rem; background: var(--card);
  color: inherit; font: inherit; text-align: start; cursor: pointer;
}
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
li button { display: grid; align-content: start; }
button span { color: var(--muted); font-size: .85rem; }
.apart { margin-top: 2rem; }
"""
_MARK = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#0b6e7f"/>'
    '<path d="M6 11a2 2 0 0 1 2-2h16a2 2 0 0 1 2 2v2.5a2.5 2.5 0 0 0 0 5V21a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2v-2.5'
    'a2.5 2.5 0 0 0 0-5z" fill="#fff"/>'
    '<path d="M12 13h8M12 16h8M12 19h5" stroke="#0b6e7f" stroke-width="1.8" stroke-linecap="round"/></svg>'
)
"""The same as admin/src/app/icon.svg."""
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
        f"<header>{_MARK}Rodistaa Tickets</header>\n<main>\n<h1>{text}</h1>\n{content}\n</main>\n</html>\n",
        status,
        # With no-referrer, which is what all else has, browsers would not say where a form came from.
        {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"},
    )


def paragraph(text: str) -> str:
    """Text as HTML."""
    return f"<p>{escape(text)}</p>"
