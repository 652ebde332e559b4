"""What there is to render: jobs and what comes of them, and the one rendering of each mail, letter or file."""

from services.renderer.domain.engine import Engine, EngineUnavailable, Job, LimitReached, Made, Reader
from services.renderer.domain.rendering import Rendering

__all__ = ["Engine", "EngineUnavailable", "Job", "LimitReached", "Made", "Reader", "Rendering"]
