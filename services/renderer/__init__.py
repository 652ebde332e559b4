"""Makes mail bodies and PDFs.

Hears `DossierItemRequested` and `DocumentRequested`; is asked to try out and to show drafts; tells `MailRendered`,
`LetterRendered` and `RenderingFailed`.
"""
