"""Where LibreOffice is on this machine, and how it is made to work alone: no macros, no network, no links."""

import os
import sys
from pathlib import Path
from shutil import which
from xml.sax.saxutils import escape

from services.renderer.adapters.glyphs import FONTS

INSTALL = "apt-get install libreoffice-writer-nogui fonts-crosextra-carlito fonts-liberation"
MISSING = f"LibreOffice is not installed here (Debian, Ubuntu: {INSTALL})"
_LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")  # Debian's, and that of The Document Foundation
_SETTINGS = {
    ("Office.Common/Security/Scripting", "DisableMacrosExecution"): "true",
    ("Office.Common/Security/Scripting", "MacroSecurityLevel"): "3",
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks"): "true",
    ("Office.Writer/Content/Update", "Link"): "2",  # never
    ("Setup/L10N", "ooSetupSystemLocale"): "en-US",
    ("Inet/Settings", "ooInetProxyType"): "2",  # given here, and closed
    ("Inet/Settings", "ooInetHTTPProxyName"): "127.0.0.1",
    ("Inet/Settings", "ooInetHTTPProxyPort"): "9",
    ("Inet/Settings", "ooInetHTTPSProxyName"): "127.0.0.1",
    ("Inet/Settings", "ooInetHTTPSProxyPort"): "9",
    ("Inet/Settings", "ooInetNoProxy"): "",
}
_ITEM = (
    '<item oor:path="/org.openoffice.{place}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
_REGISTRY = (
    '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">{}</oor:items>'
)
# Our fonts are the first, so that what is compared with our own pages is set in the same ones.
_FONTCONFIG = (
    '<?xml version="1.0"?><fontconfig><dir>{fonts}</dir><dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir>'
    '<include ignore_missing="yes">/etc/fonts/conf.d</include><cachedir>{cache}</cachedir></fontconfig>'
)


def found() -> Path | None:
    """Return the folder of LibreOffice's program, None where there is none that we can use."""
    starter = which("soffice")
    if sys.platform != "linux" or starter is None:
        return None
    folder = Path(starter).resolve().parent
    return folder if library_in(folder) else None


def library_in(folder: Path) -> Path | None:
    """Return the library that is LibreOffice."""
    return next((folder / name for name in _LIBRARIES if (folder / name).exists()), None)


def prepared(scratch: Path) -> dict[str, str]:
    """Lay out a profile in a folder of its own, and return the environment in which LibreOffice is to run."""
    (scratch / "profile" / "user").mkdir(parents=True)
    items = (_ITEM.format(place=place, name=name, value=value) for (place, name), value in _SETTINGS.items())
    (scratch / "profile" / "user" / "registrymodifications.xcu").write_text(_REGISTRY.format("".join(items)), "utf-8")
    fonts = scratch / "fonts.conf"
    fonts.write_text(_FONTCONFIG.format(fonts=escape(str(FONTS)), cache=escape(str(scratch / "cache"))), "utf-8")
    closed = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "FONTCONFIG_FILE": str(fonts), "TZ": "UTC", "LANG": "C.UTF-8"}
    return {"PYTHONPATH": os.pathsep.join(sys.path), "SAL_USE_VCLPLUGIN": "svp", **closed, **own}
