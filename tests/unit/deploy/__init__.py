"""How it is run, part by part."""
