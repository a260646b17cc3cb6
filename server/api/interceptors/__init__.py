"""What happens around every call: one concern a module, their order in ``chain``."""
