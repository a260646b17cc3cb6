"""The index on linked things begins with their type, so that it also finds the ids that begin with some letters.

Nobody asks for a linked id without its type. The new index serves all that the old one did, and is there before the
old one goes.

Revision ID: 0012
Revises: 0011
"""

from migrations.online import create_index, drop_index
from migrations.sql import execute

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_index(
        "tickets_linked_entity_idx",
        "ON public.tickets (linked_type, linked_id, created_at, id) WHERE linked_id IS NOT NULL",
    )
    execute(
        "COMMENT ON INDEX public.tickets_linked_entity_idx IS"
        " 'tickets linked to one booking, shipment, payment; linked ids of one type that begin alike'"
    )
    drop_index("tickets_linked_idx")


def downgrade() -> None:
    create_index(
        "tickets_linked_idx",
        "ON public.tickets (linked_id, linked_type, created_at, id) WHERE linked_id IS NOT NULL",
    )
    execute("COMMENT ON INDEX public.tickets_linked_idx IS 'tickets linked to one booking, shipment, payment'")
    drop_index("tickets_linked_entity_idx")
