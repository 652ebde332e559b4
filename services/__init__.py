"""The four services: dossier tells renderer, renderer tells mailer, and history hears all."""
