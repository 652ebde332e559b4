"""The history by itself."""
