"""Reads layouts before they are recorded: what stands in them, whether it is well written, and what comes of trying."""

from services.renderer.adapters.reading.reader import read

__all__ = ["read"]
