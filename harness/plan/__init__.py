"""The plan: ``harness.toml``, typed, validated whole before anything starts."""

from harness.plan.expand import PLACEHOLDERS, expand
from harness.plan.forms import form_from_json, form_to_json
from harness.plan.load import FILE_NAME, Plan, load_plan
from harness.plan.profiles import Profile
from harness.plan.secrecy import scrub

__all__ = [
    "FILE_NAME",
    "PLACEHOLDERS",
    "Plan",
    "Profile",
    "expand",
    "form_from_json",
    "form_to_json",
    "load_plan",
    "scrub",
]
