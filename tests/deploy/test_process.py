from __future__ import annotations

import psycopg

from harness.model import Release


def test_a_release_is_migrated_prepared_and_answers_as_itself(deployer, health, run):
    """A release is migrated on a database of its own and answers under its own name."""
    words = '["python", "{}", "migrate", "--release", "{{release}}"]'
    from tests.deploy.conftest import APPLICATION

    step = words.format(APPLICATION)
    made = deployer(release=f"migrate = {step}\nprepare = {step}", storage="")

    with made.deploy(Release("1.1.0"), "candidate", None) as deployment:
        said = health(deployment.url)
        with psycopg.connect(deployment.storages["main"]) as connection:
            rows = connection.execute("SELECT text FROM note").fetchall()

    assert said["release"] == "1.1.0"
    assert rows == [("1.1.0",), ("1.1.0",)]
