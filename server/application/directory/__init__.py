"""Use cases of DirectoryService, one a module."""
