"""Cookies of the gateway: kept from scripts and from other sites, and, but for development, from plain HTTP."""

from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.requests import cookie_parser

from server.settings import Settings

MAX_BYTES = 4096
"""What a browser keeps of one cookie, its name and attributes included."""


class CookieTooLarge(ValueError):
    """No browser would keep it. The text says how large it is."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie, by its settings."""

    name: str
    attributes: str

    @classmethod
    def of(cls, settings: Settings, purpose: str) -> "Cookie":
        """``__Host-`` keeps other hosts of the domain from setting it. Gateways of development are told apart by their
        ports, which cookies otherwise know nothing of."""
        if settings.dev_login:
            return cls(f"tickets-{purpose}-{settings.http_port}", "Path=/; HttpOnly; SameSite=Lax")
        return cls(f"__Host-tickets-{purpose}", "Path=/; Secure; HttpOnly; SameSite=Lax")

    def read(self, header: str) -> str:
        """Its value in a header Cookie; empty where it is not there."""
        return cookie_parser(header).get(self.name, "")

    def set_on(self, headers: MutableHeaders, value: str, *, max_age_seconds: int) -> None:
        """``value`` is of characters that need no quotes. Raises CookieTooLarge."""
        line = f"{self.name}={value}; Max-Age={max_age_seconds}; {self.attributes}"
        if len(line) > MAX_BYTES:
            raise CookieTooLarge(f"a cookie of {len(line)} bytes, where browsers keep at most {MAX_BYTES}")
        headers.append("set-cookie", line)

    def clear_on(self, headers: MutableHeaders) -> None:
        """The browser forgets it."""
        headers.append("set-cookie", f"{self.name}=; Max-Age=0; {self.attributes}")
