"""E-mail against a real SMTP server, and against one that misbehaves."""

from pathlib import Path

import pytest

from server.adapters.notifying.email import EmailProvider, SmtpServer
from server.application.notifications.channels import DeliveryFailed, OutgoingMessage, Send
from tests.integration.notifying.mail_server import PASSWORD, Mailbox, mail_server
from tests.integration.notifying.messages import message
from tests.integration.notifying.tls import Tls

SENDER = "Rodistaa Tickets <tickets@rodistaa.example>"


def provider(port: int, *, seconds: float = 20.0, scheme: str = "smtp+plain") -> EmailProvider:
    return EmailProvider(SmtpServer.of(f"{scheme}://127.0.0.1:{port}"), SENDER, timeout_seconds=seconds)


def failure_of(send: Send, outgoing: OutgoingMessage) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        send(outgoing)
    assert outgoing.address not in caught.value.message
    assert "secret-password" not in caught.value.message
    return caught.value


def test_a_batch_goes_through_one_connection() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port, provider(port).session() as send:
        send(
            message("n-1", "asha@example.com", title="TKT-1001 ist überfällig", body="Grüße\n.\nनमस्ते", is_critical=True)
        )
        send(message("n-2", "ravi@example.com"))
    assert mailbox.connections == 1
    assert mailbox.senders == ["tickets@rodistaa.example"] * 2
    assert mailbox.recipients == ["asha@example.com", "ravi@example.com"]
    first = mailbox.accepted[0]
    assert first["Subject"] == "TKT-1001 ist überfällig"
    assert first.get_content() == "Grüße\r\n.\r\nनमस्ते\r\n"
    assert first["From"] == SENDER
    assert first["To"] == "asha@example.com"
    assert first["Message-ID"] == "<n-1@rodistaa.example>"
    assert (first["X-Dedupe-Key"], first["Auto-Submitted"], first["Importance"]) == ("n-1", "auto-generated", "high")
    assert mailbox.accepted[1]["References"] == first["References"] == "<ticket.TKT-1001@rodistaa.example>"


def test_nothing_is_opened_for_an_empty_batch() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port, provider(port).session():
        pass
    assert mailbox.connections == 0


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 5.1.1 <bob@example.com> unknown", True), ("450 4.2.1 busy", False)]
)
def test_a_refused_recipient_does_not_harm_the_others(answer: str, permanent: bool) -> None:
    mailbox = Mailbox(rcpt_answers={"bob@example.com": answer})
    with mail_server(mailbox) as port, provider(port).session() as send:
        for _ in range(3):
            failure = failure_of(send, message("n-1", "bob@example.com"))
            assert failure.permanent is permanent
            assert failure.message == f"The mail server refused the recipient ({answer[:9]})."
        send(message("n-2", "asha@example.com"))
    assert mailbox.recipients == ["asha@example.com"]
    assert mailbox.connections == 1


@pytest.mark.parametrize(("answer", "permanent"), [("554 5.7.1 spam", True), ("451 later", False)])
def test_a_refused_text(answer: str, permanent: bool) -> None:
    mailbox = Mailbox(data_answers=[answer])
    with mail_server(mailbox) as port, provider(port).session() as send:
        assert failure_of(send, message("n-1", "bob@example.com")).permanent is permanent
        send(message("n-1", "bob@example.com"))
    assert [each["Message-ID"] for each in mailbox.accepted] == ["<n-1@rodistaa.example>"]


def test_a_server_that_says_goodbye_is_called_again() -> None:
    mailbox = Mailbox(rcpt_answers={"bob@example.com": "421 4.3.2 going down"})
    with mail_server(mailbox) as port, provider(port).session() as send:
        assert not failure_of(send, message("n-1", "bob@example.com")).permanent
        send(message("n-2", "asha@example.com"))
    assert mailbox.connections == 2


def test_a_connection_dropped_in_the_text_costs_one_message() -> None:
    mailbox = Mailbox(drops=1)
    with mail_server(mailbox) as port, provider(port).session() as send:
        failure = failure_of(send, message("n-1", "bob@example.com"))
        assert (failure.permanent, failure.message) == (False, "The mail server closed the connection.")
        send(message("n-2", "asha@example.com"))
    assert mailbox.recipients == ["asha@example.com"]


@pytest.mark.parametrize("mailbox", [Mailbox(hangs=True), Mailbox(drips=True)], ids=["hangs", "drips"])
def test_a_server_that_is_too_slow(mailbox: Mailbox) -> None:
    with mail_server(mailbox) as port, provider(port, seconds=0.4).session() as send:
        for number in range(2):
            failure = failure_of(send, message(f"n-{number}", "bob@example.com"))
            assert (failure.permanent, failure.message) == (False, "The mail server did not answer within 0.4 s.")


def test_nobody_listens() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        pass
    with provider(port).session() as send:
        failure = failure_of(send, message("n-1", "bob@example.com"))
    assert (failure.permanent, failure.message) == (False, "The mail server refused the connection.")


def test_a_name_that_does_not_resolve() -> None:
    server = SmtpServer.of("smtp+plain://mail.invalid:25")
    with EmailProvider(server, SENDER, timeout_seconds=20).session() as send:
        failure = failure_of(send, message("n-1", "bob@example.com"))
    assert not failure.permanent


@pytest.mark.parametrize(
    "address", ["", "bob", "bob@", "a@b@c", "bob@example.com\r\nBcc: eve@example.com", "bob <b@x.y>", "a,b@x.y"]
)
def test_what_is_no_address(address: str) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox) as port, provider(port).session() as send, pytest.raises(DeliveryFailed) as caught:
        send(message("n-1", address))
    assert caught.value.permanent
    assert mailbox.connections == 0


def test_headers_cannot_be_injected() -> None:
    mailbox = Mailbox()
    title = "Late\r\nBcc: eve@example.com\n\n<html>\x00\u2028X"
    with mail_server(mailbox) as port, provider(port).session() as send:
        send(message("n-1", "bob@example.com", title=title, body="\r\n.\r\nMAIL FROM:<x@y.z>\r\n"))
    [mail] = mailbox.accepted
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Late Bcc: eve@example.com <html> X"
    assert "MAIL FROM" in mail.get_content()
    assert mailbox.recipients == ["bob@example.com"]


def test_international_addresses_where_the_server_takes_them() -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, enable_SMTPUTF8=True) as port, provider(port).session() as send:
        send(message("n-1", "jörg@example.com"))
    assert mailbox.recipients == ["jörg@example.com"]
    with mail_server(mailbox) as port, provider(port).session() as send:
        assert failure_of(send, message("n-2", "jörg@example.com")).permanent
        send(message("n-3", "asha@example.com"))


def trusting(tls: Tls, url: str) -> EmailProvider:
    return EmailProvider(SmtpServer.of(url), SENDER, timeout_seconds=20, tls=tls.client)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    return Tls(tmp_path)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_encrypted_and_signed_in(tls: Tls, scheme: str) -> None:
    mailbox = Mailbox()
    how = {"starttls": tls.server} if scheme == "smtp" else {"implicit": tls.server}
    password = PASSWORD.decode().replace(" ", "%20")
    with (
        mail_server(
            mailbox,
            **how,
            authenticator=mailbox.sign_in,
            # The library takes only STARTTLS for TLS.
            auth_required=scheme == "smtp",
            auth_require_tls=scheme == "smtp",
        ) as port,
        trusting(tls, f"{scheme}://mailer:{password}@localhost:{port}").session() as send,
    ):
        send(message("n-1", "bob@example.com"))
        send(message("n-2", "asha@example.com"))
    assert mailbox.recipients == ["bob@example.com", "asha@example.com"]
    assert mailbox.signed_in == [b"mailer"]
    if scheme == "smtp":
        assert mailbox.secured == [True, True]


def test_a_wrong_password_is_no_judgement_on_the_message(tls: Tls) -> None:
    mailbox = Mailbox()
    with (
        mail_server(mailbox, starttls=tls.server, authenticator=mailbox.sign_in, auth_required=True) as port,
        trusting(tls, f"smtp://mailer:secret-password@localhost:{port}").session() as send,
    ):
        failure = failure_of(send, message("n-1", "bob@example.com"))
    assert (failure.permanent, failure.message) == (False, "The mail server refused to sign us in (535 5.7.8).")
    assert mailbox.accepted == []


def test_a_server_without_starttls_is_given_nothing(tls: Tls) -> None:
    mailbox = Mailbox()
    with (
        mail_server(mailbox) as port,
        trusting(tls, f"smtp://mailer:secret-password@localhost:{port}").session() as send,
    ):
        failure = failure_of(send, message("n-1", "bob@example.com"))
    assert not failure.permanent
    assert (mailbox.accepted, mailbox.signed_in) == ([], [])


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_cannot_be_verified(tls: Tls, scheme: str) -> None:
    mailbox = Mailbox()
    how = {"starttls": tls.server} if scheme == "smtp" else {"implicit": tls.server}
    with mail_server(mailbox, **how) as port:
        stranger = EmailProvider(SmtpServer.of(f"{scheme}://localhost:{port}"), SENDER, timeout_seconds=20)
        with stranger.session() as send:
            failure = failure_of(send, message("n-1", "bob@example.com"))
    assert not failure.permanent
    assert failure.message.startswith("The mail server has no valid certificate: ")
