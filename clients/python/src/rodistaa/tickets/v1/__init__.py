"""Generated from proto/rodistaa/tickets/v1 by scripts/proto.sh; see there for the documentation."""
