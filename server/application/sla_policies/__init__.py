"""Use cases of SlaPolicyService, one a module."""
