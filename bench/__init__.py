"""What the harness costs, measured on this machine: `make bench`."""
