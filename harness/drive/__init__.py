"""What acts on a deployment and never judges: scenarios, load, faults."""
