"""Ready-made wordings for load: templates filled with places, names and amounts, before SQL multiplies them.

Only ``{ref}``, the linked thing, is left open: it differs from ticket to ticket and is put in by the database.
"""

# ruff: noqa: S311 - variety is wanted here, and repeatability; nothing depends on nobody guessing it
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from server.domain.roles import Role
from server.domain.tickets import LinkedType, TicketPriority, TicketSeverity
from server.seed.templates import TEMPLATES, Template
from server.seed.vocabulary import (
    CITIES,
    FIRST_NAMES,
    GOODS,
    LAST_NAMES,
    OPERATORS,
    REGISTRATION_PREFIXES,
    SHIPPERS,
)

STORIES = 4096
"""A power of two, as is the next: the database picks one by the bits of a hash."""
ENDINGS_OF_A_TEMPLATE = 64
LINK_PREFIXES: Mapping[LinkedType, str] = {
    LinkedType.BOOKING: "BKG",
    LinkedType.SHIPMENT: "SHP",
    LinkedType.USER: "USR",
    LinkedType.TRUCK: "TRK",
    LinkedType.OPERATOR: "OPR",
    LinkedType.FRANCHISE: "FR",
    LinkedType.DOCUMENT: "DOC",
    LinkedType.PAYMENT: "PAY",
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Story:
    """What tickets drawn from it have in common."""

    template: Template
    title: str
    opening: str
    priority: TicketPriority
    severity: TicketSeverity
    linked_type: LinkedType
    creator_role: Role
    tags: tuple[str, ...]
    reply: str
    resolution: str


def tell_stories(seed_number: int) -> list[Story]:
    """STORIES of them, in the templates' shares. The same seed number gives the same list."""
    draw = random.Random(seed_number)
    kinds = draw.choices(TEMPLATES, weights=[template.weight for template in TEMPLATES], k=STORIES)
    return [_story(draw, template) for template in kinds]


def tell_endings(seed_number: int) -> list[list[str]]:
    """For each of TEMPLATES, ENDINGS_OF_A_TEMPLATE ways to end a description: one or two details and a request."""
    draw = random.Random(seed_number)
    return [[_ending(draw, template) for _ in range(ENDINGS_OF_A_TEMPLATE)] for template in TEMPLATES]


def _ending(draw: random.Random, template: Template) -> str:
    details = draw.sample(template.details, draw.randint(1, 2))
    return _filled(draw, " ".join([*details, draw.choice(template.closings)]))


def _story(draw: random.Random, template: Template) -> Story:
    words = _words(draw)
    return Story(
        template,
        title=draw.choice(template.titles).format_map(words),
        opening=draw.choice(template.openings).format_map(words),
        priority=_weighted(draw, template.priorities),
        severity=draw.choice(template.severities),
        linked_type=_weighted(draw, template.linked),
        creator_role=_weighted(draw, template.creators),
        tags=(template.tags[0], *draw.sample(template.tags[1:], draw.randint(0, 2))),
        reply=draw.choice(template.replies),
        resolution=draw.choice(template.resolutions),
    )


def _filled(draw: random.Random, sentence: str) -> str:
    return sentence.format_map(_words(draw))


def _weighted(draw: random.Random, weights: Mapping[_T, int]) -> _T:
    return draw.choices(list(weights), weights=list(weights.values()))[0]


def _words(draw: random.Random) -> dict[str, str]:
    city, city2 = draw.sample(CITIES, 2)
    letters = "".join(draw.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2))
    return {
        "ref": "{ref}",
        "city": city,
        "city2": city2,
        "person": f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}",
        "shipper": draw.choice(SHIPPERS),
        "operator": draw.choice(OPERATORS),
        "goods": draw.choice(GOODS),
        "amount": f"{draw.randrange(4, 190) * 500:,}",
        "registration": f"{draw.choice(REGISTRATION_PREFIXES)}{letters}{draw.randrange(1000, 10000)}",
    }
