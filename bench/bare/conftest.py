"""Plain pytest-playwright: the browser that the harness uses, and who signs in."""

import json
import os

import pytest

PASSWORD = "clinic-demo"


@pytest.fixture(scope="session")
def base_url():
    return os.environ["BENCH_URL"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, **json.loads(os.environ["BENCH_LAUNCH"])}


@pytest.fixture(scope="session")
def signed_in(playwright, base_url):
    """Sign somebody in once for each worker: (id, token, storage state)."""
    known = {}

    def sign_in(login, kind="practitioner"):
        if login not in known:
            request = playwright.request.new_context(base_url=base_url)
            words = {"login": login, "password": PASSWORD, "kind": kind}
            answer = request.post("/api/sign-in", data=words)
            assert answer.ok, answer.text()
            said = answer.json()
            known[login] = said["id"], said["csrf_token"], request.storage_state()
            request.dispose()
        return known[login]

    return sign_in


@pytest.fixture(scope="session")
def worker(worker_id):
    return int(worker_id.removeprefix("gw").replace("master", "0"))
