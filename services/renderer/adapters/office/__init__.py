"""LibreOffice, where it is installed: makes PDFs of those Word layouts that can't be set without it."""
