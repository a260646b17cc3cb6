"""What must hold for something to be put in its place as a whole."""

from dataclasses import dataclass

from server.domain.errors import Aborted, AlreadyExists, NotFound, Reason


@dataclass(frozen=True, slots=True)
class Precondition:
    """Nothing, unless it is given: the state that was read, that there is nothing yet, or that there is something."""

    etag: str | None = None
    create_only: bool = False
    update_only: bool = False

    def require(self, present: str | None, *, name: str, taken: Reason, missing: Reason) -> None:
        """``present`` is the etag of what is there, None for nothing; it must be locked, also where there is nothing.

        ``name`` is what people call it. Raises AlreadyExists with the reason ``taken``, NotFound with ``missing``,
        Aborted.
        """
        if self.create_only and present is not None:
            raise AlreadyExists(f"{name} exists already.", reason=taken)
        if self.update_only and present is None:
            raise NotFound(f"{name} does not exist.", reason=missing)
        if self.etag is not None and self.etag != present:
            raise Aborted(f"{name} has changed since it was read. Read it again.")
