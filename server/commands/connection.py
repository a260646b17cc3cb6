"""For commands that call the server by gRPC, as any client does: where it is, who asks, and whom to trust."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from pydantic import ValidationError

from server.commands.option_groups import gathered, one_of
from server.domain.roles import Role
from server.settings import Settings, complaints

if TYPE_CHECKING:
    from rodistaa.tickets.client import TicketsClient, TransferOptions

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
_TOKEN_LIFETIME = timedelta(hours=1)
_EVERYWHERE = frozenset({"[::]", "::", "0.0.0.0"})  # noqa: S104 - these are replaced


@dataclass(frozen=True, slots=True)
class Connection:
    """What was said about it on the command line."""

    target: str | None
    token: str | None
    role: str | None
    tls: bool | None
    ca: Path | None

    def client(self) -> "TicketsClient":
        """Tokens for a role are made anew for each call, so what lasts outlives them."""
        import grpc

        from rodistaa.tickets.client import connect
        from server.demo_tokens import demo_token

        source = click.get_current_context().get_parameter_source("token")
        if self.role is not None and source is ParameterSource.COMMANDLINE:
            raise click.UsageError("give either --token or --role")
        try:
            settings = Settings()
        except ValidationError as error:
            raise click.ClickException("\n".join(complaints(error))) from None
        target = self.target
        if target is None:
            host = "localhost" if settings.grpc_host in _EVERYWHERE else settings.grpc_host
            target = f"{host}:{settings.grpc_port}"
        tls = self.tls
        if tls is None:
            tls = self.ca is not None or not _is_local(target)
        elif self.ca is not None and not tls:
            raise click.UsageError("--ca goes without --plaintext")
        demo_role = Role(self.role or Role.OPS_MANAGER)
        token = self.token if self.role is None else None
        return connect(
            target,
            token=token or (lambda: demo_token(settings, demo_role, ttl=_TOKEN_LIFETIME)),
            tls=grpc.ssl_channel_credentials(self.ca.read_bytes()) if self.ca is not None else tls,
        )

    def transfers(self) -> "TransferOptions":
        """For the store of files: who vouches for the server may do so for the store, beside the system's."""
        import ssl

        from rodistaa.tickets.client import TransferOptions

        if self.ca is None:
            return TransferOptions()
        trust = ssl.create_default_context()
        trust.load_verify_locations(self.ca)
        return TransferOptions(tls=trust)


connection_options = gathered(
    Connection,
    "connection",
    [
        click.option("--target", help="HOST:PORT of the server.  [default: TICKETS_GRPC_HOST and TICKETS_GRPC_PORT]"),
        click.option("--token", envvar="TICKETS_TOKEN", help="Bearer token; better given as TICKETS_TOKEN."),
        click.option(
            "--role",
            type=one_of(Role),
            metavar="ROLE",
            help="In place of a token: the demo user of the role, as `tickets token` makes it.  [default: ops_manager]",
        ),
        click.option("--tls/--plaintext", default=None, help="[default: TLS, unless the target is this machine]"),
        click.option("--ca", type=click.Path(path_type=Path, exists=True), help="PEM file of the authority to trust."),
    ],
)


def _is_local(target: str) -> bool:
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    host = target.rpartition("/")[2].rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
