"""What a delivery is and how it may go: no byte leaves without a recorded attempt, no doubt ends silently."""
