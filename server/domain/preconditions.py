"""What must hold for something to be put in its place as a whole."""

from dataclasses import dataclass

from server.domain.errors import Aborted, AlreadyExists, Reason


@dataclass(frozen=True, slots=True)
class Precondition:
    """Nothing, unless one of the two is given: the state that was read, or that there is nothing yet."""

    etag: str | None = None
    create_only: bool = False

    def require(self, present: str | None, *, name: str, taken: Reason) -> None:
        """``present`` is the etag of what is there, None for nothing; it must be locked, also where there is nothing.

        ``name`` is what people call it. Raises AlreadyExists with the reason ``taken``, Aborted.
        """
        if self.create_only and present is not None:
            raise AlreadyExists(f"{name} exists already.", reason=taken)
        if self.etag is not None and self.etag != present:
            raise Aborted(f"{name} has changed since it was read. Read it again.")
