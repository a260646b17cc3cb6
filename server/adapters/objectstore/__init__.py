"""Where files are: an S3-compatible store, or a directory; both speak the same signed requests."""
