"""The mailer's technologies: SMTP, MIME and DKIM."""
