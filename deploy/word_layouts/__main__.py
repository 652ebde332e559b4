"""Writes the Word layouts to where they are supplied."""

import sys

from deploy.word_layouts import built

for path, content in built().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sys.stdout.write(f"{path.parent.parent.name}/{path.parent.name}: {len(content)} bytes\n")
