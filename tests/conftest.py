"""Fixtures: servers that go away with their test."""

import pytest

from counterpart import Counterpart
from harness import BINARY, Server


def pytest_sessionstart(session):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: run `cargo build --release --package stepwright` first", returncode=2)


@pytest.fixture
def make_server(tmp_path):
    """Makes servers; they are killed when the test is over. Without a directory they get one of their own."""
    servers = []

    def make(*arguments, data_dir=tmp_path / "data", **options) -> Server:
        server = Server(data_dir, *arguments, **options)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def server(make_server):
    """A running server on an empty data directory."""
    return make_server().start()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    """One running server for a module's tests that do not disturb each other."""
    server = Server(tmp_path_factory.mktemp("shared") / "data")
    yield server.start()
    server.close()


@pytest.fixture
def sfn(shared_server):
    """A client of the shared server."""
    return shared_server.client()


@pytest.fixture(scope="module")
def shared_counterpart():
    """AWS's services as a process of their own, for a module's tests."""
    counterpart = Counterpart()
    yield counterpart
    counterpart.close()


@pytest.fixture
def counterpart(shared_counterpart):
    """AWS's services, without resources."""
    shared_counterpart.reset()
    return shared_counterpart


@pytest.fixture(scope="module")
def tasks_server(shared_counterpart, tmp_path_factory):
    """A server whose tasks call the counterpart: AWS_ENDPOINT_URL is all that is set."""
    environment = {"AWS_ENDPOINT_URL": shared_counterpart.url}
    server = Server(tmp_path_factory.mktemp("tasks") / "data", environment=environment)
    yield server.start()
    server.close()


@pytest.fixture
def engine(tasks_server, counterpart):
    """A client of the server whose tasks call the counterpart, which is empty."""
    return tasks_server.client()
