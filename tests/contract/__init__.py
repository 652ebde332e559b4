"""What services and ports promise one another, kept by every side."""
