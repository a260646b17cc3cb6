"""``tickets files``: the store of files, seen from where the command runs."""

import click
from pydantic import ValidationError

from server.settings import Settings, complaints

_REFUSED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


class FilesUnusable(click.ClickException):
    """One line, and exit status 2."""

    exit_code = 2


@click.group()
def files() -> None:
    """Where attachments and exports are kept."""


@files.command()
@click.option("--create-bucket", is_flag=True, help="Make the bucket if there is none.")
def check(*, create_bucket: bool) -> None:
    """Say where files are kept, and write, read and delete one there.

    It is the store of TICKETS_S3_ENDPOINT, else the directory files/ in TICKETS_DATA_DIR. Exit status 2 when it cannot
    be used.
    """
    from server.domain.errors import Unavailable
    from server.files import files_in, open_store

    try:
        settings = Settings()
    except ValidationError as error:
        raise FilesUnusable("\n".join(complaints(error))) from None
    if settings.s3_endpoint is None:
        place = str(files_in(settings.data_dir).resolve())
        found_at = settings.files_url or f"http://127.0.0.1:{settings.http_port}"
    else:
        place = f"bucket {settings.s3_bucket} of {settings.s3_endpoint}"
        found_at = settings.s3_public_endpoint or settings.s3_endpoint
    try:
        open_store(settings).check(create_bucket=create_bucket)
    except Unavailable as error:
        raise FilesUnusable(_explained(error, settings, place)) from None
    except ValueError as error:
        raise FilesUnusable(str(error)) from None
    except OSError as error:
        raise FilesUnusable(f"{place} cannot be used: {_in_one_line(error)}") from None
    click.echo(f"files are kept in {place}")
    click.echo(f"clients find them at {found_at}")
    click.echo("a probe was written, read and deleted")


def _explained(error: Exception, settings: Settings, place: str) -> str:
    from minio.error import S3Error

    cause = error.__cause__
    if isinstance(cause, S3Error):
        if cause.code == "NoSuchBucket":
            return (
                f"{settings.s3_endpoint} has no bucket {settings.s3_bucket}: --create-bucket makes it,"
                " TICKETS_S3_BUCKET names another"
            )
        if cause.code in _REFUSED:
            return (
                f"{place} refuses this account ({cause.code}): TICKETS_S3_ACCESS_KEY and TICKETS_S3_SECRET_KEY name it,"
                " and it must be allowed to write, read and delete"
            )
        return f"{place} cannot be used: {cause.code}: {_in_one_line(cause.message or '')}"
    return f"{place} cannot be used: {_in_one_line(cause if cause is not None else error)}"


def _in_one_line(words: object) -> str:
    return " ".join(str(words).split())
