"""The gRPC surface: converts, calls one use case, converts back."""
