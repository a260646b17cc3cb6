"""Addresses of mail servers, and senders."""

import pytest

from server.adapters.notifying.email import SmtpServer, parse_sender


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 587, "starttls")),
        (
            "smtp://me%40example.com:p%40ss%2Fword@mail.example.com:2525/",
            SmtpServer("mail.example.com", 2525, "starttls", "me@example.com", "p@ss/word"),
        ),
        ("smtps://u:p@mail.example.com", SmtpServer("mail.example.com", 465, "implicit", "u", "p")),
        ("smtp+plain://relay", SmtpServer("relay", 25, "none")),
        ("smtp+plain://[::1]:26", SmtpServer("::1", 26, "none")),
    ],
)
def test_addresses(url: str, server: SmtpServer) -> None:
    assert SmtpServer.of(url) == server
    assert "p@ss" not in repr(SmtpServer.of(url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "https://u:hunter2@mail.example.com",
        "smtp://",
        "smtp://u:hunter2@",
        "smtp://u:hunter2@mail.example.com:99999",
        "smtp://u:hunter2@mail.example.com:x",
        "smtp://u:hunter2/x@mail.example.com",
        "smtp://u:hunter2@mail.example.com?tls=no",
        "smtp+plain://u:hunter2@mail.example.com",
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|would|is)") as caught:
        SmtpServer.of(url)
    assert "hunter2" not in str(caught.value)


def test_senders() -> None:
    named = parse_sender("Rodistaa Tickets <tickets@rodistaa.example>")
    assert (named.display_name, named.addr_spec) == ("Rodistaa Tickets", "tickets@rodistaa.example")
    assert parse_sender("tickets@rodistaa.example").display_name == ""
    for text in ("", "Rodistaa", "a@", "tickets@rodistaa.example\r\nBcc: x@y.z", "<>"):
        with pytest.raises(ValueError, match="mailbox"):
            parse_sender(text)
