"""Records that are planted before a release and watched across it: no page, and little time."""
