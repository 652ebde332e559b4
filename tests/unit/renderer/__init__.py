"""The renderer by itself."""
