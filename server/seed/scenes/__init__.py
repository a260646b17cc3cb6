"""The demonstration's thirty tickets, in the order in which they get their numbers."""

from server.seed.scene import Scene
from server.seed.scenes.documents import DOCUMENT_SCENES
from server.seed.scenes.money import MONEY_SCENES
from server.seed.scenes.road import ROAD_SCENES

ALL_SCENES: tuple[Scene, ...] = (*MONEY_SCENES, *DOCUMENT_SCENES, *ROAD_SCENES)

__all__ = ["ALL_SCENES"]
