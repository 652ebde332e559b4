"""Packs a .docx: what all letters share is deflated once, and the same content gives the same bytes."""

import zlib
from collections.abc import Mapping
from struct import Struct

_HEAD = Struct("<IHHHHHIIIHH")
_ENTRY = Struct("<IHHHHHHIIIHHHHHII")
_END = Struct("<IHHHHIIH")
_LOCAL, _CENTRAL, _LAST = 0x04034B50, 0x02014B50, 0x06054B50
_VERSION, _DEFLATED = 20, 8
_UTF8 = 0x800
_DAY = 0x21  # 1980-01-01, the first day that a zip file knows
_SHARED_LEVEL, _OWN_LEVEL = 9, 1  # deflated once, or for each recipient


class Wrapper:
    """The parts of a .docx in order; those of them that differ from letter to letter are left open."""

    def __init__(self, names: list[str], shared: Mapping[str, bytes]) -> None:
        """Deflate what is shared."""
        self._entries = [
            (name.encode(), _Part(shared[name], _SHARED_LEVEL) if name in shared else None) for name in names
        ]

    def wrapped(self, own: Mapping[str, bytes]) -> bytes:
        """Return the .docx with these parts of its own."""
        pieces: list[bytes] = []
        entries: list[bytes] = []
        offset = 0
        for name, shared in self._entries:
            part = shared or _Part(own[name.decode()], _OWN_LEVEL)
            sizes = (_DEFLATED, 0, _DAY, part.crc, len(part.content), part.size)
            head = _HEAD.pack(_LOCAL, _VERSION, _UTF8, *sizes, len(name), 0) + name
            entries.append(
                _ENTRY.pack(_CENTRAL, _VERSION, _VERSION, _UTF8, *sizes, len(name), 0, 0, 0, 0, 0, offset) + name
            )
            pieces += (head, part.content)
            offset += len(head) + len(part.content)
        size = sum(map(len, entries))
        end = _END.pack(_LAST, 0, 0, len(entries), len(entries), size, offset, 0)
        return b"".join((*pieces, *entries, end))


class _Part:
    """A part, deflated."""

    def __init__(self, content: bytes, level: int) -> None:
        packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.content = packer.compress(content) + packer.flush()
        self.crc = zlib.crc32(content)
        self.size = len(content)
