"""``tickets files check``: one line for each reason why files cannot be kept."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.minio_process import MinioProcess
from tests.running import free_port

Check = Callable[..., tuple[int, str]]
PROBED = "a probe was written, read and deleted\n"


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        given = {"TICKETS_DATA_DIR": str(tmp_path), **environment}
        result = CliRunner().invoke(main, ["files", "check", *arguments], env=given)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    return run


def complaint(outcome: tuple[int, str]) -> str:
    status, output = outcome
    assert status == 2
    assert output.count("\n") == 1
    return output


def test_a_local_store(check: Check, tmp_path: Path) -> None:
    for arguments in ([], ["--create-bucket"]):
        status, output = check(*arguments, TICKETS_HTTP_PORT="8081")
        assert (status, output) == (
            0,
            f"files are kept in {tmp_path}/files\nclients find them at http://127.0.0.1:8081\n{PROBED}",
        )
    assert not [path for path in (tmp_path / "files").rglob("*") if path.is_file()]


def test_a_directory_that_cannot_be_used(check: Check, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    assert f"{tmp_path}/files cannot be used" in complaint(check())


def test_half_an_account_and_no_address(check: Check) -> None:
    assert "TICKETS_S3_SECRET_KEY" in complaint(check(TICKETS_S3_ENDPOINT="http://127.0.0.1:9"))
    account = {"TICKETS_S3_ACCESS_KEY": "k", "TICKETS_S3_SECRET_KEY": "a-secret"}
    assert "must be" in complaint(check(TICKETS_S3_ENDPOINT="minio", **account))


def test_a_store_that_is_away(check: Check) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    said = complaint(check(TICKETS_S3_ENDPOINT=url, TICKETS_S3_ACCESS_KEY="k", TICKETS_S3_SECRET_KEY="a-secret"))
    assert f"{url} cannot be used" in said
    assert "refused" in said
    assert "a-secret" not in said


def test_a_bucket_is_named_when_missing_and_made_when_asked(check: Check, minio: MinioProcess) -> None:
    bucket = f"made-{uuid4()}"
    account = {**minio.settings(), "TICKETS_S3_BUCKET": bucket}
    said = complaint(check(**account))
    assert f"has no bucket {bucket}" in said
    assert "--create-bucket" in said
    for arguments in (["--create-bucket"], ["--create-bucket"], []):
        assert check(*arguments, **account) == (
            0,
            f"files are kept in bucket {bucket} of {minio.url}\nclients find them at {minio.url}\n{PROBED}",
        )


@pytest.mark.parametrize("arguments", [[], ["--create-bucket"]])
@pytest.mark.parametrize("name", ["TICKETS_S3_ACCESS_KEY", "TICKETS_S3_SECRET_KEY"])
def test_an_account_that_is_refused(check: Check, minio: MinioProcess, name: str, arguments: list[str]) -> None:
    said = complaint(check(*arguments, **{**minio.settings(), name: "another-one"}))
    assert "TICKETS_S3_ACCESS_KEY and TICKETS_S3_SECRET_KEY" in said
    assert "another-one" not in said
