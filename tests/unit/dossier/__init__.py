"""The dossier by itself."""
