"""What the renderer does: makes what is requested and records it, and tries or shows what may be requested later."""

from services.renderer.application.bench import Bench
from services.renderer.application.drafts import Drafts
from services.renderer.application.layouts import Layouts
from services.renderer.application.remakes import Remakes
from services.renderer.application.renderer import Renderer

__all__ = ["Bench", "Drafts", "Layouts", "Remakes", "Renderer"]
