"""Shows the pages of a PDF as images, so that any browser can show them."""

from io import BytesIO

import pypdfium2

PDF = "application/pdf"
_DPI = 110  # an A4 page is 910 × 1287 pixels: small print can be read, and it takes 60 ms
_POINTS = 72  # of a PDF in an inch
_LARGEST = 3000  # pixels of a side: a poster is shown smaller
_LEVEL = 1  # of compression: the image is looked at once


def images_of(pdf: bytes, most: int) -> tuple[tuple[bytes, ...], int]:
    """Return the first pages of a PDF as PNG images, and how many pages it has."""
    with pypdfium2.PdfDocument(pdf) as document:
        return tuple(_image(document[number]) for number in range(min(most, len(document)))), len(document)


def _image(page: pypdfium2.PdfPage) -> bytes:
    scale = min(_DPI / _POINTS, _LARGEST / max(page.get_size()))
    image = BytesIO()
    page.render(scale=scale).to_pil().save(image, "PNG", compress_level=_LEVEL)
    return image.getvalue()
