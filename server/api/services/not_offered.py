"""Services that the contract has and this version does not serve: each of their methods is UNIMPLEMENTED.

They are registered all the same, so that reflection shows the whole contract and callers get a proper error.
"""

from types import ModuleType

from rodistaa.tickets.v1 import (
    attachment_service_pb2_grpc,
    export_service_pb2_grpc,
)
from server.api.server import Registration

_SERVICES: dict[str, ModuleType] = {
    "AttachmentService": attachment_service_pb2_grpc,
    "ExportService": export_service_pb2_grpc,
}


def not_offered() -> tuple[Registration, ...]:
    """The generated base classes: their methods raise NotImplementedError, which becomes UNIMPLEMENTED."""
    return tuple(
        Registration.of(
            f"rodistaa.tickets.v1.{name}",
            getattr(module, f"add_{name}Servicer_to_server"),
            getattr(module, f"{name}Servicer")(),
        )
        for name, module in _SERVICES.items()
    )
