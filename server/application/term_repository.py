"""The port to the terms that tickets have."""

from typing import Protocol

from server.domain.terms import TermCount, TermQuery
from server.domain.visibility import Visibility


class TermRepository(Protocol):
    """Tags, franchises and linked things, as the tickets that somebody may see have them."""

    def suggest(self, wanted: TermQuery, visibility: Visibility) -> list[TermCount]:
        """Terms of the most tickets first, then by their text; archived tickets do not count.

        Looked at are the latest tickets of each reason to see them, a fixed number, and for staff as many whose
        franchise or linked id begins with the prefix as given or in upper case. So the cost does not grow with the
        number of tickets, and rare terms of old tickets may be missing.
        """
