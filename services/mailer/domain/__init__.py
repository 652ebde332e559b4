"""What a delivery is and how it may go: no byte leaves without a recorded attempt, and no doubt is resolved silently."""
