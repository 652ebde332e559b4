"""Makes mail bodies and PDFs.

Hears `DossierItemRequested`, `DocumentRequested` and `RunCancelled`; is asked to try out and to show drafts; tells
`MailRendered`, `LetterRendered` and `RenderingFailed`.
"""
