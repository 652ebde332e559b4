"""How services talk and run: the ground that all four stand on. No business meaning lives here."""
