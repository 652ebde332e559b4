"""Sends mails by SMTP.

Hears `MailRendered`, `RenderingFailed` and `MailServerSet`; is asked whether a mail may be followed by another, to
resolve one in doubt, and for the bytes of one; tells `MailSent`, `MailFailed`, `MailDeferred`, `MailInDoubt`,
`MailInDoubtResolved` and `MailCancelled`.
"""
