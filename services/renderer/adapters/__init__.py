"""The engines that make mails and letters, and the workers that they run in."""
