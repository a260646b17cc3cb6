"""Types for values that are easily swapped for one another."""

from typing import NewType

TicketId = NewType("TicketId", str)
"""Readable key of a ticket, ``TKT-1001`` style."""

UserId = NewType("UserId", str)
"""The ``sub`` of a token: a person or a service account."""

FranchiseId = NewType("FranchiseId", str)
"""A franchise of the marketplace, such as ``FR-001``."""

ID_PATTERN = "[!-~]{1,100}"
"""Of user and franchise ids, whole: visible ASCII, so that no two look alike and each can be sent in any request."""

Seq = NewType("Seq", int)
"""Position in one ticket's timeline: 1, 2, 3… without a gap."""

ChainNo = NewType("ChainNo", int)
"""Position in one ticket's audit chain: 1, 2, 3… without a gap."""

Version = NewType("Version", int)
"""How often the editable content of a resource has changed; the etag is made of it."""

Minutes = NewType("Minutes", int)
"""Of open time, as the calendar of a policy counts it."""
