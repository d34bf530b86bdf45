"""What is planted before a release and watched across it, and what probes production."""
