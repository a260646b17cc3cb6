"""What Redis does for the server itself: wake those who wait for changes."""
