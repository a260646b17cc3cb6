"""Who is calling: verified tokens and client certificates become principals."""
