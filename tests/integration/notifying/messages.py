"""Messages to send."""

from server.application.notifications.channels import OutgoingMessage


def message(
    dedupe_key: str = "0198c2f0-0000-7000-8000-000000000001",
    address: str = "asha@example.com",
    *,
    title: str = "TKT-1001 is late",
    body: str = "The ticket went to ops_manager.",
    is_critical: bool = False,
) -> OutgoingMessage:
    return OutgoingMessage(dedupe_key, address, title, body, "TKT-1001", "ESCALATED", is_critical)
