"""How a signed request is refused: as S3 does, so that clients need to know one kind of answer."""

from collections.abc import Mapping
from xml.sax.saxutils import escape


class StoreRefusal(Exception):
    """An HTTP status, one of S3's error codes, and a fixed text that tells nothing of the request."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        """To be sent beside Content-Type: application/xml."""

    def xml(self) -> bytes:
        """The body of the answer, UTF-8."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
        ).encode()
