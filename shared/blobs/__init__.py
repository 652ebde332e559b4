"""Keeps the parts of mails, layout documents and files as blobs, named by the SHA-256 of what they contain."""

from shared.blobs.blob import Blob, BlobDamaged, BlobMissing, Blobs, BlobsUnavailable, Lasts, Old, Swept
from shared.blobs.memory import MemoryBlobs
from shared.blobs.sqlite import SqliteBlobs

__all__ = [
    "Blob",
    "BlobDamaged",
    "BlobMissing",
    "Blobs",
    "BlobsUnavailable",
    "Lasts",
    "MemoryBlobs",
    "Old",
    "SqliteBlobs",
    "Swept",
]
