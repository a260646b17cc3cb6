"""A browser without scripts, for tests: cookies by their attributes, redirects, and where its requests come from."""

from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from tests.integration.gateway.requests import Answer, request

MOST_REDIRECTS = 10


class Browser:
    """Keeps cookies by host, as their names and Path=/ allow; hosts of tests are all this machine."""

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        self.set_cookies: list[str] = []
        """Every header Set-Cookie so far."""
        self.visited: list[str] = []

    def get(self, url: str, *, follow: bool = True, **headers: str) -> Answer:
        """A navigation, typed in."""
        return self._send("GET", url, None, {"Sec-Fetch-Site": "none", **_named(headers)}, follow=follow)

    def post(self, url: str, form: dict[str, str], *, follow: bool = True, **headers: str) -> Answer:
        """A form of a page of the same origin."""
        parts = urlsplit(url)
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
            **_named(headers),
        }
        return self._send("POST", url, urlencode(form).encode(), sent, follow=follow)

    def fetch(self, method: str, url: str, body: bytes | None = None, **headers: str) -> Answer:
        """A script of a page of the same origin."""
        return self._send(method, url, body, {"Sec-Fetch-Site": "same-origin", **_named(headers)}, follow=False)

    def _send(self, method: str, url: str, body: bytes | None, headers: dict[str, str], *, follow: bool) -> Answer:
        for _ in range(MOST_REDIRECTS):
            self.visited.append(url)
            parts = urlsplit(url)
            jar = self.cookies.setdefault(parts.netloc, {})
            kept = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}
            answer = request(method, url, {"Accept": "text/html,*/*;q=0.8", **headers, **kept}, body)
            self._keep(jar, answer)
            if not follow or answer.status not in {302, 303, 307}:
                return answer
            method, body = "GET", None
            headers = {name: value for name, value in headers.items() if name not in {"Content-Type", "Origin"}}
            url = urljoin(url, answer.headers["location"])
        raise AssertionError(f"no end of redirects: {self.visited}")

    def _keep(self, jar: dict[str, str], answer: Answer) -> None:
        if "set-cookie" not in answer.headers:
            return
        for line in answer.headers["set-cookie"].split("\n"):
            self.set_cookies.append(line)
            parsed: SimpleCookie = SimpleCookie(line)
            for name, morsel in parsed.items():
                if morsel["max-age"] == "0":
                    jar.pop(name, None)
                else:
                    jar[name] = morsel.value


def _named(headers: dict[str, Any]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
