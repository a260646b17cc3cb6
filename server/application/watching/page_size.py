"""How much to read for a reader who may not take all of it."""

_LEAST = 8


class PageSize:
    """Twice what the reader took the last time: whatever it has no room for is read for nothing, and again later."""

    def __init__(self, most: int) -> None:
        self.limit = most
        self._most = most

    def took(self, number: int) -> None:
        """So many of the last page."""
        self.limit = min(self._most, max(_LEAST, 2 * number))
