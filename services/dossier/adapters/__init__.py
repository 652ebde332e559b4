"""How the dossier keeps its tables, speaks to the mailer, and finds its words: one file per technology."""
