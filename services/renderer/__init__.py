"""Makes mail bodies and PDFs.

Hears `DossierItemRequested`, `DocumentRequested` and `RunCancelled`; is asked to try out and to show
drafts, and to make parts again, of which it asks the dossier what they were made of; tells
`MailRendered`, `LetterRendered` and `RenderingFailed`.
"""
