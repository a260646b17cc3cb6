"""Between the contract's messages and the domain's values: the only place that knows both."""
