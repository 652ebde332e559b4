"""The mailer by itself."""
