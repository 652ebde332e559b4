"""The dossier: takes requests and contacts, is asked to resend; tells items, runs, and each mail or letter to make."""
