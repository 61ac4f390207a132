"""Does more entropy make a better detector? Structures of one budget, each trained and compared."""
