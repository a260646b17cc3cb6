"""Use cases of SavedViewService, one a module."""
