"""The channels: e-mail, push, SMS and webhooks as they leave the system, and what records them where no account is."""
