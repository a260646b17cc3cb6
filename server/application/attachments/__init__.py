"""Use cases of AttachmentService, one a module."""
