"""The whole as its users meet it: real NATS, real SMTP, real pages."""
