"""Sends mails by SMTP.

Hears `MailRendered`, `RenderingFailed`, `PreviewRequested`, `MailServerSet`, `RunPaused`, `RunResumed` and
`RunCancelled`; is asked whether a mail may be followed by another, to resolve one in doubt, what became of one, and
for its message; asks the renderer for parts that were swept; tells `MailSent`, `MailFailed`, `MailDeferred`,
`MailInDoubt`, `MailInDoubtResolved` and `MailCancelled`.
"""
