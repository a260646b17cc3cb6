"""Tokens of a development instance, for commands: signed with its own key, for the demonstration's users."""

from datetime import timedelta

import click

from server.demo_users import demo_franchises, demo_user
from server.domain.roles import Role
from server.embedded.dev_keys import dev_keys_in, sign_token
from server.settings import Settings


def demo_token(
    settings: Settings, role: Role, *, sub: str | None = None, franchises: tuple[str, ...] = (), ttl: timedelta
) -> str:
    """One that is valid from now on. Raises click's error where there is no usable key."""
    key = (settings.dev_signing_key_file or dev_keys_in(settings.data_dir).private_key_path).absolute()
    try:
        return sign_token(
            key,
            role,
            sub or demo_user(role),
            franchises or demo_franchises(role),
            ttl=ttl,
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
        )
    except FileNotFoundError:
        raise click.ClickException(
            f"there is no signing key at {key}; `tickets up` makes one. "
            f"TICKETS_DATA_DIR names the directory of the instance that the token is for."
        ) from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
