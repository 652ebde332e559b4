"""Everything that shows uitpost keeps its promises: small parts, ports, the whole, the rules and the speeds."""
