"""LibreOffice for tests, where it is installed: it opens what Word would, and says what it found in it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

FONTS = Path(__file__).parent.parent / "services" / "renderer" / "fonts"
_FONTS = (
    '<?xml version="1.0"?><fontconfig><dir>{ours}</dir><dir>/usr/share/fonts/truetype/libreoffice</dir>'
    "<include>/etc/fonts/conf.d</include><cachedir>{cache}</cachedir></fontconfig>"
)  # the same fonts as ours, so that the two can be compared
SOFFICE = shutil.which("soffice")
needs_office = pytest.mark.libreoffice


def converted(files: Mapping[str, bytes], folder: Path, to: str = "pdf", ending: str = "docx") -> dict[str, bytes]:
    """Return files in another format, by name; what could not be opened is not there."""
    assert SOFFICE, "LibreOffice is not installed"
    sources, made = folder / "sources", folder / "made"
    sources.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (sources / f"{name}.{ending}").write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    paths = [str(sources / f"{name}.{ending}") for name in files]
    command = [SOFFICE, profile, "--headless", "--convert-to", to, "--outdir", str(made), *paths]
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTS.format(ours=FONTS, cache=folder / "cache"))
    subprocess.run(
        command, check=True, capture_output=True, timeout=240, env={**os.environ, "FONTCONFIG_FILE": str(fonts)}
    )
    kind = to.partition(":")[0]
    return {name: path.read_bytes() for name in files if (path := made / f"{name}.{kind}").exists()}
