"""What a dossier is: contacts, set-up, runs, items and rows, and the rules by which a request is accepted."""
