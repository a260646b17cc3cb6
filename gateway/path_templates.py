"""Path templates of google/api/http.proto."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A parsed template, such as ``/admin/tickets/{ticket.id}:view``."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "PathTemplate":
        """Raises ValueError where ``text`` is not a template."""
        return cls(text)

    def match(self, raw_path: str) -> dict[str, str] | None:
        """Decoded values by field path; None where the template does not match.

        ``raw_path`` is as it came over the wire: escapes not decoded, no query. Raises BadRequest for escapes
        that are not UTF-8.
        """
        raise NotImplementedError
