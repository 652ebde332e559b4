"""Word layouts: a .docx with merge fields, compiled once and merged with the values of each recipient."""
