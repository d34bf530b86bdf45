"""The plan: ``harness.toml``, typed, validated whole before anything starts."""

from harness.plan.expand import PLACEHOLDERS, expand
from harness.plan.load import FILE_NAME, Plan, load_plan
from harness.plan.nearest import nearest_plan
from harness.plan.profiles import Profile
from harness.plan.secrecy import scrub

__all__ = [
    "FILE_NAME",
    "PLACEHOLDERS",
    "Plan",
    "Profile",
    "expand",
    "load_plan",
    "nearest_plan",
    "scrub",
]
