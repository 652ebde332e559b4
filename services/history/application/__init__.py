"""What history is for: to show what became of everything, and to have it sent again."""

from services.history.application.history import History
from services.history.application.notices import Notices
from services.history.application.printing import Printing
from services.history.application.resending import Resending
from services.history.application.word_letters import WordLetters

__all__ = ["History", "Notices", "Printing", "Resending", "WordLetters"]
