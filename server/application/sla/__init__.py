"""What the SLA clock does by itself: sweeps over what is due, and what they would do."""
