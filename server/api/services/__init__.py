"""The contract's services: each method converts, runs one use case, and converts back."""
