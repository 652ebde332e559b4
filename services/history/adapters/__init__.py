"""What history stands on: the tables of its read model."""
