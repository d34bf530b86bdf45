"""Reading what storage holds, raw, on a connection of our own."""
