"""Trying whether a store works, the same for every store."""

from uuid import uuid4

from server.adapters.objectstore.failures import store_unavailable
from server.application.object_store import ObjectMissing, ObjectStore

_BYTES = b"rodistaa-tickets"


def probe(store: ObjectStore) -> None:
    """Write, read and delete an object of its own. Raises Unavailable."""
    key = f"check/{uuid4()}"
    store.put(key, [_BYTES], content_type="text/plain")
    try:
        with store.open(key) as chunks:
            read = b"".join(chunks)
    except ObjectMissing as error:
        raise store_unavailable("what was just written is not there") from error
    store.delete(key)
    if read != _BYTES:
        raise store_unavailable("other bytes were read than were written")
