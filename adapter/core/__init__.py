"""Values and rules. No input or output, no clock, no randomness of its own."""
