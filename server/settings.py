"""Every setting of the server, with its default. Read once, by the composition root, and passed on from there.

Each comes from the environment variable ``TICKETS_`` and its name in capitals, such as TICKETS_GRPC_PORT;
lists and mappings are written as JSON.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.setting_types import BareAddress, Json, Origin, SecureUrl, ServicePrincipal

PREFIX = "TICKETS_"


class Settings(BaseSettings):
    """See the module. Unknown TICKETS_ variables belong to other programs and are ignored; an empty variable, as
    compose files make them, means that the setting is not given."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, validate_by_name=True
    )

    # --- where things are

    data_dir: Path = Field(Path(".data"), description="Where `tickets up` keeps its database, keys and files.")
    database_url: SecretStr = Field(
        SecretStr("postgresql://localhost/tickets"), description="PostgreSQL; a URL or a libpq connection string."
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="Redis: broker of the workers, wake-ups, ends of sessions. Every call works without it.",
    )
    dev_signing_key_file: Path | None = Field(
        None, description="Private key of `tickets token`, for development. The server never reads it."
    )

    # --- listening

    grpc_host: str = Field("127.0.0.1", description="Address to listen on; [::] for all.")
    grpc_port: int = Field(50051, ge=0, le=65535, description="Port of the gRPC server; 0 takes a free one.")
    http_host: str = Field("127.0.0.1", description="Address of the gateway; 0.0.0.0 or :: for all.")
    http_port: int = Field(8080, ge=0, le=65535, description="Port of the gateway and the admin UI.")
    http_allowed_origins: Annotated[list[Origin], *Json] = Field(
        [], description='Other origins whose pages may use the gateway, JSON: ["https://admin.example.com"].'
    )
    http_stall_seconds: float = Field(
        30.0,
        gt=0,
        le=600,
        description="How long clients of the gateway may take to send or take the next 64 KiB; then they are cut off.",
    )
    http_max_connections: int = Field(
        2000, ge=1, description="Connections to the gateway at a time; requests of more are answered by 503."
    )
    public_url: Origin | None = Field(
        None, description="Where browsers find the gateway, https://tickets.example.com; OIDC comes back to it."
    )
    admin_dist: Path = Field(
        Path(__file__).parents[1] / "admin" / "dist",
        description="Directory of the built admin UI. [default: admin/dist beside the server's package]",
    )
    dev_login: bool = Field(
        default=False,
        description="Development: /login gives anybody any role. HTTP_HOST must be loopback. `tickets up` sets it.",
    )
    oidc_issuer: SecureUrl | None = Field(
        None, description="OpenID provider that /login sends browsers to; needs PUBLIC_URL and the client below."
    )
    oidc_client_id: str | None = Field(None, min_length=1, description="Who the gateway is to the provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="And its secret.")
    oidc_scope: str = Field("openid profile email", description="What is asked for; openid must be among it.")
    oidc_parameters: Annotated[dict[str, str], *Json] = Field(
        {}, description='Further parameters of the login, JSON: {"audience": "rodistaa-tickets"}.'
    )
    oidc_token: Literal["id_token", "access_token"] = Field(
        "id_token", description="Which of the provider's tokens calls are made with; it must be a JWT for the server."
    )
    metrics_host: str = Field("127.0.0.1", description="Address of /metrics and /healthz.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /metrics and /healthz over HTTP; 0 for none.")
    http_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the gateway's /metrics and /healthz, on the address above; 0 for none."
    )
    reuse_port: bool = Field(
        default=False, description="Share the port with other processes (SO_REUSEPORT); --processes sets it."
    )
    processes: int = Field(1, ge=1, le=128, description="Server processes on the same port.")
    threads: int = Field(32, ge=1, le=1000, description="Calls that one process works on at a time.")
    max_waiting_calls: int = Field(
        1000, ge=1, description="Calls that may wait for a thread; more are refused with RESOURCE_EXHAUSTED."
    )
    max_message_bytes: int = Field(4 * 1024 * 1024, ge=64 * 1024, description="Largest message, in and out.")
    max_concurrent_streams: int = Field(4096, ge=1, description="Calls under way on one connection.")
    keepalive_seconds: float = Field(60.0, ge=10, description="After this long without traffic a client is pinged.")
    keepalive_timeout_seconds: float = Field(20.0, ge=1, description="A ping unanswered for so long ends a connection.")
    max_connection_age_seconds: float = Field(
        0.0, ge=0, description="Connections older than this are asked to reconnect, to spread load; 0 for never."
    )
    reflection: bool = Field(default=True, description="Let grpcurl and the like list the services.")

    # --- life of a call and of the process

    call_timeout_seconds: float = Field(
        30.0, gt=0, description="Longest a unary call may take, also where the client's deadline is later or missing."
    )
    request_body_timeout_seconds: float = Field(
        5.0, gt=0, description="How long the request message may take after its call; the call is cancelled then."
    )
    drain_grace_seconds: float = Field(
        20.0, ge=0, description="At SIGTERM, how long calls under way may go on before they are cut off."
    )
    readiness_interval_seconds: float = Field(2.0, gt=0, description="How often the database is asked if it is there.")
    rate_limit_per_second: float = Field(
        0.0, ge=0, description="Calls of one principal to one process; 0 for no limit."
    )
    rate_limit_burst: int = Field(200, ge=1, description="How many of them may come at once.")
    trusted_proxies: Annotated[list[IPvAnyNetwork | Literal["unix"]], *Json] = Field(
        [], description='Networks whose x-forwarded-for is believed, JSON: ["10.0.0.0/8", "unix"].'
    )

    # --- the gateway's way to the server

    gateway_target: str | None = Field(
        None,
        min_length=1,
        description="Where the gateway finds the server: host:port, or any name that gRPC resolves, such as"
        " dns:///server:50051. [default: TICKETS_GRPC_HOST and TICKETS_GRPC_PORT]",
    )
    gateway_connections: int = Field(
        4,
        ge=1,
        le=256,
        description="Connections to each address of the server, which calls take in turn: processes of one address"
        " share connections, not calls.",
    )
    gateway_tls: bool = Field(
        default=False, description="The gateway speaks TLS to the server; the system's authorities are trusted."
    )
    gateway_ca_file: Path | None = Field(None, description="PEM authorities that are trusted in their place.")
    gateway_certificate_file: Path | None = Field(
        None, description="PEM chain that the gateway shows the server (mTLS). It stands for no caller."
    )
    gateway_private_key_file: Path | None = Field(None, description="PEM key of that certificate.")

    # --- the database

    database_pool_size: int = Field(16, ge=1, le=500, description="Connections of one process.")
    database_pool_timeout_seconds: float = Field(
        5.0, gt=0, description="How long a call waits for a connection before it is UNAVAILABLE."
    )
    database_transaction_pooling: bool = Field(
        default=False, description="PgBouncer in transaction mode stands between: nothing is kept per connection."
    )

    # --- live streams

    max_watches: int = Field(10_000, ge=1, description="Live streams of one process.")
    max_watches_per_principal: int = Field(100, ge=1, description="Of them, those of one caller.")
    watch_database_pool_size: int = Field(
        4, ge=2, le=100, description="Connections that all live streams of a process share, beside those above."
    )

    # --- identity: one source of keys, and client certificates beside it

    jwks_file: Path | None = Field(None, description="Public keys of the identity provider, followed as they change.")
    jwks_url: str | None = Field(None, description="The same from an address: https, or http on this machine.")
    jwks_max_age_seconds: float = Field(300.0, gt=0, description="Keys from an address are fetched again after this.")
    jwt_secret: SecretStr | None = Field(None, description="Or a shared secret (HS256), at least 32 bytes.")
    jwt_audience: str = Field("rodistaa-tickets", min_length=1, description="The `aud` that tokens must have.")
    jwt_issuer: str | None = Field(None, description="The `iss` that tokens must have; not checked when not set.")
    jwt_leeway_seconds: float = Field(5.0, ge=0, le=300, description="By how much clocks may differ.")
    jwt_cache_seconds: float = Field(
        60.0, ge=0, le=3600, description="How long a verified token is believed, at most until it expires."
    )
    tls_certificate_file: Path | None = Field(None, description="PEM chain; with it the server speaks TLS.")
    tls_private_key_file: Path | None = Field(None, description="PEM key of the certificate.")
    tls_client_ca_file: Path | None = Field(
        None, description="PEM authority; with it every client must show a certificate signed by it (mTLS)."
    )
    mtls_principals: Annotated[dict[str, ServicePrincipal], *Json] = Field(
        {},
        description='Whom certificates stand for, JSON: {"spiffe://rodistaa/booking": {"sub": "svc-booking"}}.'
        " A name with :// is a URI, any other a common name.",
    )

    # --- workers and sweeps

    sla_alarm_seconds: float = Field(
        1.0,
        ge=0,
        le=60,
        description="How often a worker asks the database what is due, to do it at once; 0 leaves it to beat.",
    )
    sla_near_breach_sweep_seconds: float = Field(
        60.0,
        ge=1,
        le=86_400,
        description="Beat's cadence of the sweeps for near breaches, late first responses, and"
        " tickets whose deadlines must be derived anew.",
    )
    sla_breach_sweep_seconds: float = Field(
        300.0, ge=1, le=86_400, description="Beat's cadence of the sweep for breaches."
    )
    sla_sweep_batch: int = Field(500, ge=1, le=10_000, description="Tickets of one transaction of a sweep.")
    outbox_batch: int = Field(500, ge=1, le=10_000, description="Outbox rows of one transaction of the relay.")
    notification_sweep_seconds: float = Field(
        30.0, ge=1, le=86_400, description="Beat's cadence of the outbox relay and of all deliveries."
    )
    notification_window_seconds: float = Field(
        30.0, ge=0, le=3600, description="How long the events of one ticket gather into one message a person."
    )
    delivery_batch: int = Field(
        50, ge=1, le=1000, description="Messages that a delivery task takes at a time, of one channel or of webhooks."
    )
    worker_database_connections: int = Field(4, ge=1, le=100, description="Connections of one worker child, at most.")
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of a worker's /metrics and /healthz, on the address above; 0 for none."
    )

    # --- files: in an S3-compatible store, or, without S3_ENDPOINT, in a directory below the data directory

    files_url: BareAddress | None = Field(
        None,
        description="Where clients find the gateway, which then holds the files itself: http://host:port."
        " [default: http://127.0.0.1 and the gateway's port]",
    )
    s3_endpoint: BareAddress | None = Field(
        None,
        validation_alias=AliasChoices("TICKETS_S3_ENDPOINT", "S3_ENDPOINT"),
        description="The store, for the service itself: http://minio:9000. S3_… may be written without TICKETS_.",
    )
    s3_public_endpoint: BareAddress | None = Field(
        None,
        validation_alias=AliasChoices("TICKETS_S3_PUBLIC_ENDPOINT", "S3_PUBLIC_ENDPOINT"),
        description="The store as clients find it, in signed URLs. [default: S3_ENDPOINT]",
    )
    s3_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("TICKETS_S3_REGION", "S3_REGION"),
        description="Part of each signature.",
    )
    s3_bucket: str = Field(
        "rodistaa-tickets",
        validation_alias=AliasChoices("TICKETS_S3_BUCKET", "S3_BUCKET"),
        pattern=r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$",
        description="Holds all files. `tickets files check --create-bucket` makes it.",
    )
    s3_access_key: str | None = Field(
        None,
        validation_alias=AliasChoices("TICKETS_S3_ACCESS_KEY", "S3_ACCESS_KEY"),
        description="Who the service is to the store.",
    )
    s3_secret_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("TICKETS_S3_SECRET_KEY", "S3_SECRET_KEY"),
        description="Signs URLs and the service's own requests.",
    )
    s3_timeout_seconds: float = Field(
        10.0, gt=0, le=300, description="Longest that the store may be silent within one request."
    )
    attachment_types: Annotated[list[str], *Json] = Field(
        [
            "application/pdf",
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/heic",
            "text/plain",
            "text/csv",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ],
        description="Media types that may be attached, JSON.",
    )
    attachment_max_bytes: int = Field(
        25 * 1024 * 1024, ge=1, le=5 * 1024**3, description="Largest attachment; a single PUT has at most 5 GiB."
    )
    export_retention_hours: float = Field(72.0, gt=0, le=8760, description="How long the file of an export is kept.")
    export_temp_dir: Path | None = Field(
        None,
        description="Where a workbook is put together on disk, some 4 GB a million tickets. [default: the system's]",
    )
    export_sweep_seconds: float = Field(
        30.0, ge=1, le=86_400, description="Beat's cadence of looking for export jobs, beside the alarm."
    )

    # --- notifications: a channel without an account is recorded in a file below the data directory, not sent

    email_from: str | None = Field(None, description="Sender of e-mails: Rodistaa Tickets <tickets@example.com>.")
    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server: smtp://user:password@host:587 (STARTTLS), smtps:// (TLS) or smtp+plain:// (neither).",
    )
    fcm_service_account_file: Path | None = Field(
        None, description="JSON key of the Google service account that push messages are sent by."
    )
    fcm_url: SecureUrl = Field("https://fcm.googleapis.com", description="Where Firebase Cloud Messaging answers.")
    sms_url: SecureUrl | None = Field(None, description="Where a POST of JSON sends an SMS.")
    sms_token: SecretStr | None = Field(None, description="Sent along as Authorization: Bearer.")
    sms_headers: Annotated[dict[str, SecretStr], *Json] = Field({}, description="Further headers, JSON.")
    sms_body: Annotated[dict[str, Any], *Json] = Field(
        {"to": "{to}", "text": "{text}"},
        description="What is posted, JSON, with {to}, {text}, {dedupe_key}, {ticket_id} and {kind} filled in.",
    )
    notification_timeout_seconds: float = Field(
        10.0, gt=0, le=60, description="Longest that one e-mail, push message or SMS may take."
    )
    webhook_timeout_seconds: float = Field(10.0, gt=0, le=60, description="Longest that one delivery may take.")
    webhook_allowed_networks: Annotated[list[IPvAnyNetwork], *Json] = Field(
        [],
        description='Networks outside the open internet that webhooks may reach all the same, JSON: ["10.1.0.0/16"].',
    )

    # --- logs, metrics, traces

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged.")
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: text on a terminal, else JSON.")
    access_log: bool = Field(default=True, description="One line a call, two a stream.")
    access_log_keep_reads: int = Field(
        1, ge=0, description="Keep one line in so many of the reads that succeed; 0 keeps none of them."
    )
    tracing: bool = Field(
        default=False, description="OpenTelemetry spans; where they go is said by the usual OTEL_ variables."
    )

    @model_validator(mode="after")
    def _identity_is_possible(self) -> Self:
        """Two sources of keys would leave open which of them decides."""
        sources = [self.jwks_file, self.jwks_url, self.jwt_secret]
        if sum(source is not None for source in sources) > 1:
            raise ValueError("set one of TICKETS_JWKS_FILE, TICKETS_JWKS_URL and TICKETS_JWT_SECRET")
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        """A login that anybody may use must not be found by others, and half a provider by the first who logs in."""
        if self.dev_login and not is_loopback(self.http_host):
            raise ValueError("TICKETS_DEV_LOGIN needs a TICKETS_HTTP_HOST that only this machine reaches")
        needed = (self.public_url, self.oidc_client_id, self.oidc_client_secret)
        if self.oidc_issuer is not None and None in needed:
            raise ValueError(
                "TICKETS_OIDC_ISSUER needs TICKETS_PUBLIC_URL, TICKETS_OIDC_CLIENT_ID and TICKETS_OIDC_CLIENT_SECRET"
            )
        if "openid" not in self.oidc_scope.split():
            raise ValueError("TICKETS_OIDC_SCOPE must have openid in it")
        return self

    @model_validator(mode="after")
    def _channels_are_whole(self) -> Self:
        """A mail server that refuses each e-mail, or SMS settings without effect, must not be found out one by one."""
        if self.smtp_url is not None and self.email_from is None:
            raise ValueError("TICKETS_SMTP_URL needs TICKETS_EMAIL_FROM")
        if self.sms_url is None and (self.sms_token or self.sms_headers):
            raise ValueError("TICKETS_SMS_TOKEN and TICKETS_SMS_HEADERS need TICKETS_SMS_URL")
        return self

    @model_validator(mode="after")
    def _store_is_whole(self) -> Self:
        """Half an account would be found out by the first upload."""
        if self.s3_endpoint is not None and (self.s3_access_key is None or self.s3_secret_key is None):
            raise ValueError("TICKETS_S3_ENDPOINT needs TICKETS_S3_ACCESS_KEY and TICKETS_S3_SECRET_KEY")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        """A half-configured TLS must not silently mean plain text."""
        if (self.tls_certificate_file is None) != (self.tls_private_key_file is None):
            raise ValueError("TICKETS_TLS_CERTIFICATE_FILE and TICKETS_TLS_PRIVATE_KEY_FILE go together")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("TICKETS_TLS_CLIENT_CA_FILE needs a certificate of the server's own")
        if self.mtls_principals and self.tls_client_ca_file is None:
            raise ValueError("TICKETS_MTLS_PRINCIPALS needs TICKETS_TLS_CLIENT_CA_FILE")
        return self

    @model_validator(mode="after")
    def _way_to_the_server_is_whole(self) -> Self:
        """Certificates that nothing uses would mean plain text where TLS was meant."""
        if (self.gateway_certificate_file is None) != (self.gateway_private_key_file is None):
            raise ValueError("TICKETS_GATEWAY_CERTIFICATE_FILE and TICKETS_GATEWAY_PRIVATE_KEY_FILE go together")
        if not self.gateway_tls and (self.gateway_ca_file or self.gateway_certificate_file):
            raise ValueError("TICKETS_GATEWAY_CA_FILE and TICKETS_GATEWAY_CERTIFICATE_FILE need TICKETS_GATEWAY_TLS")
        return self

    @property
    def server_target(self) -> str:
        """Where a gateway with these settings finds the server."""
        if self.gateway_target is not None:
            return self.gateway_target
        host = self.grpc_host.strip("[]")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound to here
        return f"[{host}]:{self.grpc_port}" if ":" in host else f"{host}:{self.grpc_port}"


def is_loopback(host: str) -> bool:
    """Whether the name or address, in brackets or not, stands for this machine alone."""
    name = host.strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def complaints(error: ValidationError) -> list[str]:
    """What is wrong with the settings, a line each that begins with the variable's name. Never holds a value of one."""
    lines = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        name, *place = each["loc"] or ("",)
        inside = f"[{place[0]}]" if place else ""
        message = each["msg"].removeprefix("Value error, ")
        # The library names a setting with aliases by the first of them.
        variable = PREFIX + str(name).upper().removeprefix(PREFIX)
        lines.append(f"{variable}{inside}: {message}" if name else message)
    return list(dict.fromkeys(lines))
