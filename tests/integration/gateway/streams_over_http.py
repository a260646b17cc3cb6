"""What the tests of live streams over HTTP share."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.domain.roles import Role
from tests.gateway_process import Gateway, serving_gateway
from tests.integration.gateway.event_sources import Event
from tests.running import Running, token_for

MANAGER = {"Authorization": f"Bearer {token_for(Role.OPS_MANAGER)}"}


@contextmanager
def gateway_to(served: Running, directory: Path, **changes: object) -> Iterator[Gateway]:
    with serving_gateway(directory, gateway_target=served.target, **changes) as gateway:
        yield gateway


def timeline_url(gateway_url: str, ticket: str, query: str = "") -> str:
    return f"{gateway_url}/admin/tickets/{ticket}/timeline:watch?{query}"


def status_of(event: Event) -> tuple[int, str]:
    """Code and reason of an error."""
    status = json.loads(event.data)
    (info,) = [detail for detail in status["details"] if detail["@type"].endswith("ErrorInfo")]
    return status["code"], info["reason"]
