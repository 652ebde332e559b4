"""Word layouts as PDF: translated once into a Typst layout of our own, which asks for the same values."""
