"""A PostgreSQL server of our own: one cluster per deployment, gone with it."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg

from harness.deploy.children import Account, Child, Command, end, start
from harness.deploy.logs import size_of, tail_of
from harness.deploy.pginstall import Installation, cached, find_postgres, unprivileged
from harness.deploy.ports import HOST, Port, reserve_port
from harness.errors import EnvironmentBroken
from harness.runs.lease import Lease, open_lease

USER = "harness"
STEP_S_MAX = 60.0
READY_S_MAX = 60.0
STOP_S_MAX = 5.0
POLL_S = 0.02
PORTS_TRIED_MAX = 3
LINES_SHOWN = 15
LINES_SEARCHED = 50
# The provider that knows Unicode on every host alike; older servers take the host's locale.
BUILTIN_LOCALE_SINCE = 17
FILE_COPY_SINCE = 15
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}

# Faults of the harness kill processes, they never cut the power: what PostgreSQL has written
# is then in the kernel's cache and survives, so flushing it to the disk proves nothing here and
# would make a slow disk the measure of the release. When a commit is acknowledged is untouched.
SETTINGS: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # In the data folder, so that a killed server leaves nothing behind in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data folder with one database, and what it takes to run a server on it."""

    installation: Installation
    account: Account | None
    data: Path
    database: str
    password: str


class PostgresServer:
    """A running server with one database; ``dsn`` holds address, user and password."""

    def __init__(self, cluster: Cluster, port: Port, log: Path, lease: Lease) -> None:
        self._cluster = cluster
        self._port = port
        self._log = log
        self._lease = lease
        self._children: list[Child] = []
        self.password = cluster.password
        self.dsn = dsn(cluster, port)

    def start(self) -> None:
        """Start it and wait until it accepts a connection; raises EnvironmentBroken."""
        command = _command(self._cluster, self._port, self._log, self._lease)
        self._children = [start(command, self._lease)]
        _await_ready(self._children[0], self.dsn, self._log, self.password)

    def alive(self) -> bool:
        """Whether the server runs."""
        return any(child.exit_code() is None for child in self._children)

    def restart(self, *, graceful: bool = False) -> None:
        """End it and start it again at the same address on the same data.

        Graceful is PostgreSQL's fast shutdown. Otherwise it is the immediate one: nothing is
        finished and it recovers from its log as after a crash, but no process of it is left that
        would keep the next one from the data. Raises EnvironmentBroken.
        """
        ask = signal.SIGINT if graceful else signal.SIGQUIT
        end(self._children, {}, STOP_S_MAX, ask)
        self.start()

    def stop(self) -> None:
        """Shut down fast: sessions are cut and what was committed is kept; then kill."""
        try:
            end(self._children, {}, STOP_S_MAX, ask=signal.SIGINT)
        finally:
            self._port.free()


def dsn(cluster: Cluster, port: Port) -> str:
    """How to connect to a server that listens there on that cluster."""
    return f"postgresql://{USER}:{cluster.password}@{HOST}:{port.number}/{cluster.database}"


@contextmanager
def postgres_server(scratch: Path) -> Iterator[str]:
    """A server for a test of one's own; gives its DSN.

    ``scratch`` gets the server's log. The data is kept in a lease, where the account that
    PostgreSQL runs as can reach it and from where a later clean removes it after a crash.
    """
    with open_lease() as lease:
        server = start_postgres(lease, "postgres", "main", scratch / "postgres.log")
        try:
            yield server.dsn
        finally:
            server.stop()


def start_postgres(lease: Lease, name: str, database: str, log: Path) -> PostgresServer:
    """Start a server on a fresh cluster; name is that of its scratch folder.

    Its log is appended to ``log``. Raises EnvironmentBroken.
    """
    data = lease.scratch(name) / "data"
    word = secrets.token_urlsafe(24)
    cluster = Cluster(_installation(), unprivileged(), data, database, word)
    _make_cluster(cluster)
    for _ in range(PORTS_TRIED_MAX):
        server = _try_start(cluster, log, lease)
        if server is not None:
            return server
    raise EnvironmentBroken(
        f"PostgreSQL for {name} found its port taken {PORTS_TRIED_MAX} times in a row; "
        f"its log {log} ends:\n{tail_of(log, LINES_SHOWN, [word])}"
    )


@cache
def _installation() -> Installation:
    return find_postgres()


def _make_cluster(cluster: Cluster) -> None:
    """A copied template (twice as fast as initdb) with a password and a database of its own."""
    installation, account = cluster.installation, cluster.account
    uid = account.uid if account else os.geteuid()
    options = _initdb_options(installation)
    digest = hashlib.sha256(" ".join(options).encode()).hexdigest()[:8]
    template = cached(
        f"cluster-{installation.version}-{uid}-{digest}",
        lambda folder: _init_template(installation, account, folder, options),
    )
    copy = ["cp", "-a", str(template / "data"), str(cluster.data)]
    _run(copy, None, "copy PostgreSQL's template")
    # One copy of files instead of a page at a time through the log; older servers know no other.
    how = " STRATEGY FILE_COPY" if installation.major >= FILE_COPY_SINCE else ""
    # Nobody can connect before this: the template's own password was thrown away.
    single = ["--single", "-D", str(cluster.data), "-c", "fsync=off", "postgres"]
    output = _run(
        [str(installation.bin / "postgres"), *single],
        account,
        "prepare PostgreSQL's cluster",
        f"ALTER ROLE {USER} PASSWORD '{cluster.password}'\n"
        f'CREATE DATABASE "{cluster.database}"{how}\n',
    )
    # In single-user mode errors are printed and the exit code stays 0.
    if "ERROR:" in output or "FATAL:" in output:
        raise EnvironmentBroken(f"PostgreSQL's cluster could not be prepared: {output.strip()}")


def _initdb_options(installation: Installation) -> list[str]:
    options = ["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]
    # Less to copy for each deployment than with the usual 16 MB.
    options += ["--wal-segsize=4", "--no-sync"]
    if installation.major >= BUILTIN_LOCALE_SINCE:
        options += ["--locale-provider=builtin"]
    return options


def _init_template(
    installation: Installation, account: Account | None, folder: Path, options: list[str]
) -> None:
    word = folder / "password"
    word.write_text(secrets.token_urlsafe(24), encoding="ascii")
    word.chmod(0o600)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
        os.chown(word, account.uid, account.gid)
    command = [str(installation.bin / "initdb"), "-D", str(folder / "data")]
    command += [f"--pwfile={word}", *options]
    try:
        _run(command, account, "make PostgreSQL's template")
    finally:
        word.unlink()
    if account is not None:
        os.chown(folder, os.geteuid(), os.getegid())
    folder.chmod(0o700)  # copied by us alone; whatever else runs as that account cannot change it


def _run(command: list[str], account: Account | None, what: str, text: str = "") -> str:
    """Run one of PostgreSQL's programs to its end; returns what it printed."""
    try:
        done = subprocess.run(
            command,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_S_MAX,
            check=False,
            cwd="/",
            env=ENVIRONMENT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvironmentBroken(f"cannot {what}: {error}") from error
    if done.returncode != 0:
        raise EnvironmentBroken(
            f"cannot {what}: {Path(command[0]).name} exited {done.returncode}: "
            f"{done.stdout.strip()[-1000:]}"
        )
    return done.stdout


def _try_start(cluster: Cluster, log: Path, lease: Lease) -> PostgresServer | None:
    """The server, or None where its port was taken meanwhile."""
    begin = size_of(log)
    with ExitStack() as unwinding:
        server = PostgresServer(cluster, reserve_port(), log, lease)
        unwinding.callback(server.stop)
        try:
            server.start()
        except EnvironmentBroken:
            if "Address already in use" in tail_of(log, LINES_SEARCHED, [], begin):
                return None
            raise
        unwinding.pop_all()
    return server


def _command(cluster: Cluster, port: Port, log: Path, lease: Lease) -> Command:
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    program = str(cluster.installation.bin / "postgres")
    return Command(
        name="postgres",
        argv=[program, "-D", str(cluster.data), "-p", str(port.number), *settings],
        cwd=Path("/"),
        env={**ENVIRONMENT, **lease.environment},
        log=log,
        account=cluster.account,
        # On this signal its other processes end with it, and shared memory is given back.
        stop=signal.SIGQUIT,
    )


def _await_ready(child: Child, address: str, log: Path, password: str) -> None:
    deadline_s = time.monotonic() + READY_S_MAX
    last = "it was never asked"
    while time.monotonic() < deadline_s:
        code = child.exit_code()
        if code is not None:
            last = f"it exited {code}"
            break
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            last = str(error).strip()
            time.sleep(POLL_S)
        else:
            return
    raise EnvironmentBroken(
        f"PostgreSQL did not start: {last}; its log {log} ends:\n"
        f"{tail_of(log, LINES_SHOWN, [password])}"
    )
