"""Looks at the size of images before anything unpacks them: a small file may hold pixels that fill the memory."""

import warnings
from io import BytesIO

from PIL import Image

PIXELS = 40_000_000  # of one image
_SIDE = 20_000  # pixels


def wrong_with(image: bytes) -> str | None:
    """Return why an image can't be shown, None if it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(image)) as opened:
                width, height = opened.size
    except Image.DecompressionBombError:
        width = height = _SIDE + 1
    except (OSError, ValueError, SyntaxError):
        return "is not an image that can be shown"
    if width * height > PIXELS or max(width, height) > _SIDE:
        return f"is too large an image: at most {PIXELS} pixels"
    return None
