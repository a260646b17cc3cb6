"""How a store's failures reach a caller: as one error that names neither address nor key; the log gets the cause."""

from server.domain.errors import Unavailable


def store_unavailable(cause: BaseException | str) -> Unavailable:
    """For whatever went wrong with the store."""
    text = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
    return Unavailable("The file store is not available. Try again.", context={"cause": text})
