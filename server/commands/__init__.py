"""What the subcommands of ``tickets`` do; ``server.cli`` puts them together. Nothing else imports this package."""
