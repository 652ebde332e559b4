"""The shared rooms, each by itself."""
