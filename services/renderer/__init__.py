"""Makes mail bodies and PDFs.

Hears `DossierItemRequested` and `DocumentRequested`; tells `MailRendered`, `LetterRendered` and `RenderingFailed`.
"""
