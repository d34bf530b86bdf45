"""The commands: migrate, seed, serve, worker, releases."""

from __future__ import annotations

import argparse
import asyncio
import sys

from clinic import release


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit code."""
    options = _parser().parse_args(arguments)
    commands = {
        "migrate": _migrate,
        "seed": _seed,
        "synthetic": _synthetic,
        "serve": _serve,
        "worker": _worker,
        "releases": _releases,
    }
    return commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--release",
        default=release.chosen(),
        help="the release to run (default: CLINIC_RELEASE, else %(default)s)",
    )
    parser = argparse.ArgumentParser(prog="python -m clinic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    migrate = commands.add_parser("migrate", parents=[shared], help="bring the tables up to date")
    migrate.add_argument("--down", metavar="TARGET_RELEASE", help="go back to what it knows")
    seed = commands.add_parser("seed", parents=[shared], help="accounts and reference data")
    seed.add_argument("--practitioners", type=_count, default=20, metavar="N")
    seed.add_argument("--patients", type=_count, default=200, metavar="N")
    commands.add_parser(
        "synthetic",
        parents=[shared],
        help="accounts for probes, whose password is in the environment",
    )
    serve = commands.add_parser("serve", parents=[shared], help="answer HTTP requests")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--workers", type=int, default=1, metavar="N")
    commands.add_parser("worker", parents=[shared], help="deliver the outbox to the inboxes")
    commands.add_parser("releases", parents=[shared], help="list the releases")
    return parser


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word} is not 1 or more")
    return number


def _migrate(options: argparse.Namespace) -> int:
    from clinic import migrate, settings

    bound = release.find(options.down or options.release).migrations
    change = migrate.down if options.down else migrate.up
    done = asyncio.run(change(settings.database_url(), release.active(), bound))
    verb = "undone" if options.down else "applied"
    sys.stdout.write("".join(f"{verb} {name}\n" for name in done) or "nothing to do\n")
    return 0


def _seed(options: argparse.Namespace) -> int:
    from clinic import seed, settings

    counts = asyncio.run(seed.sow(settings.database_url(), options.practitioners, options.patients))
    sys.stdout.write("".join(f"{count} {name}\n" for name, count in counts.items()))
    return 0


def _synthetic(_options: argparse.Namespace) -> int:
    from clinic import seed, settings

    sown = seed.sow_synthetic(settings.database_url(), settings.synthetic_password())
    logins = asyncio.run(sown)
    sys.stdout.write("".join(f"{login}\n" for login in logins))
    return 0


def _serve(options: argparse.Namespace) -> int:
    from clinic import server

    server.serve(options.host, options.port, options.workers)
    return 0


def _worker(_options: argparse.Namespace) -> int:
    from clinic import settings, worker

    asyncio.run(worker.run(settings.database_url()))
    return 0


def _releases(_options: argparse.Namespace) -> int:
    for one in release.every():
        sys.stdout.write(f"{one.name:<28} {one.expect:<6} {one.mechanism}\n")
    return 0
