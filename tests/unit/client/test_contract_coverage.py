"""The client knows every service of the contract, and every mutation can be repeated safely."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

import rodistaa.tickets.v1
from rodistaa.tickets.client import TicketsClient

# Values of google.protobuf.MethodOptions.IdempotencyLevel.
IDEMPOTENCY_UNKNOWN = 0


def services() -> Iterator[ServiceDescriptor]:
    for module in pkgutil.iter_modules(rodistaa.tickets.v1.__path__):
        if module.name.endswith("_pb2"):
            loaded = importlib.import_module(f"rodistaa.tickets.v1.{module.name}")
            yield from loaded.DESCRIPTOR.services_by_name.values()


def methods() -> list[MethodDescriptor]:
    return [method for service in services() for method in service.methods]


def test_the_client_has_a_stub_for_every_rpc(client: TicketsClient) -> None:
    stubs = [value for value in vars(client).values() if type(value).__name__.endswith("Stub")]
    offered = {(type(stub).__name__, rpc) for stub in stubs for rpc in vars(stub)}
    assert offered == {(f"{each.containing_service.name}Stub", each.name) for each in methods()}


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.name)
def test_an_rpc_is_either_marked_as_a_read_or_takes_a_request_id(method: MethodDescriptor) -> None:
    is_read = method.GetOptions().idempotency_level != IDEMPOTENCY_UNKNOWN
    assert is_read != ("request_id" in method.input_type.fields_by_name)
