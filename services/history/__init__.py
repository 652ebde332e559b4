"""Shows what became of every mail and letter, and has them sent again. Hears everything; tells nothing."""
