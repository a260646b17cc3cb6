"""Export jobs: asking for them, and making the files."""
