"""Turns a release into something that runs: local processes, or a running address."""

from harness.deploy.seams import Deployer, Deployment

__all__ = ["Deployer", "Deployment"]
