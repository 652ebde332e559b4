"""What history makes of messages, by rules alone: facts, the lines they add up to, and how lines are looked for."""
