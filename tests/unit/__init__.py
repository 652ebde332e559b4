"""Each service by itself, in the same rooms as the code."""
