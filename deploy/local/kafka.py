"""Runs a real Apache Kafka on 127.0.0.1, without a container: one or three KRaft nodes.

Needs Java 17 or newer and Maven. By hand: `python -m deploy.local.kafka --nodes 1 --folder run/kafka`, until Ctrl-C.
"""

import argparse
import signal
from collections.abc import Mapping
from pathlib import Path

from deploy.local import kafka_node
from deploy.local.server_process import Child, LocalServer, free_ports
from shared.kafka.connection import KafkaConnection

STOP_WITHIN_S = 6  # the last nodes of three wait for a quorum that no longer exists


class Kafka(LocalServer):
    """A cluster of nodes numbered from 1. A node is broker and controller, with its data in `folder/{node}`.

    As a context manager, the cluster is ready inside the block and stopped after it. `settings` are Kafka server
    properties that override the defaults. `jit` "fast" starts quickly with little memory; "full" is for benchmarks.
    `users` adds a listener for users with passwords, and checks their rights; with SASL_SSL, `certificate` is the file
    (PEM) of its private key and certificate.
    """

    def __init__(
        self,
        folder: Path,
        nodes: int = 1,
        settings: Mapping[str, str] | None = None,
        *,
        jit: kafka_node.Jit = "fast",
        users: kafka_node.UserProtocol | None = None,
        certificate: Path | None = None,
    ) -> None:
        # All in one call, so that they differ from one another.
        ports = free_ports((3 if users else 2) * nodes)
        self.folder = folder.resolve()
        self.ports = dict(enumerate(ports[:nodes], start=1))
        self._controllers = dict(enumerate(ports[nodes : 2 * nodes], start=1))
        self._user_ports = dict(enumerate(ports[2 * nodes :], start=1))
        self._users, self._certificate = users, certificate
        self._settings = dict(settings or {})
        self._java = kafka_node.command(jit)
        self._children: dict[int, Child] = {}

    @property
    def bootstrap(self) -> str:
        """Return `host:port` of all nodes, separated by commas. It does not change when nodes restart."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports.values())

    @property
    def servers_for_users(self) -> str:
        """Return `host:port` of the listeners for users of all nodes, separated by commas."""
        return ",".join(f"127.0.0.1:{port}" for port in self._user_ports.values())

    @property
    def connection(self) -> KafkaConnection:
        """Return how a client without a user reaches the nodes."""
        return KafkaConnection(self.bootstrap)

    @property
    def pids(self) -> dict[int, int]:
        """Return the process id of each node that was started and not stopped or killed."""
        return {node: child.pid for node, child in self._children.items()}

    def running(self, node: int = 1) -> bool:
        """Return whether a node was started and has not ended by itself; a paused node is running."""
        return node in self._children and self._children[node].running

    def start(self) -> None:
        """Start all nodes that do not run, without waiting until they are ready."""
        for node in self.ports.keys() - self._children.keys():
            self._start(node)

    def wait_ready(self) -> None:
        """Wait until all started nodes serve clients. Raise RuntimeError with the end of the log if one does not."""
        for child in self._children.values():
            # The default value binds the child of this round; a name would be looked up when the lambda is called.
            child.wait_until(lambda ready=child: kafka_node.is_ready(ready), kafka_node.READY_WITHIN_S)  # type: ignore[misc]

    def stop(self) -> None:
        """Stop all nodes. Their data and ports are kept for the next start."""
        # All nodes get the signal before the first wait, so that they stop at the same time.
        for child in self._children.values():
            child.send(signal.SIGTERM)
        for node in list(self._children):
            self._children.pop(node).stop(STOP_WITHIN_S)

    def kill(self, node: int = 1) -> None:
        """Kill one node (SIGKILL)."""
        self._children.pop(node).kill()

    def restart(self, node: int = 1) -> None:
        """Restart one node with its stored data, and wait until it is ready."""
        if node in self._children:
            self._children.pop(node).stop(STOP_WITHIN_S)
        self._start(node)
        self.wait_ready()

    def pause(self, node: int = 1) -> None:
        """Pause one node (SIGSTOP): its connections stay open, but it does not answer."""
        self._children[node].pause()

    def resume(self, node: int = 1) -> None:
        """Resume a paused node (SIGCONT)."""
        self._children[node].resume()

    def _start(self, node: int) -> None:
        node_folder = self.folder / str(node)
        node_folder.mkdir(parents=True, exist_ok=True)
        settings = kafka_node.properties(node, self.ports, self._controllers)
        if self._users:
            settings = kafka_node.user_properties(settings, self._user_ports[node], self._users, self._certificate)
        settings |= self._settings
        self._children[node] = kafka_node.launch(self._java, node_folder, settings)


def main() -> None:
    """Run a cluster in the foreground until Ctrl-C or SIGTERM."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.kafka", description=__doc__)
    arguments.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    arguments.add_argument("--folder", type=Path, required=True, help="folder for the records and the log of the nodes")
    arguments.add_argument("--jit", choices=("fast", "full"), default="fast", help="full for measuring throughput")
    options = arguments.parse_args()
    with Kafka(options.folder, options.nodes, jit=options.jit) as kafka:
        signals = {signal.SIGINT, signal.SIGTERM}
        # Blocked, so that `sigwait` receives them and the `with` block stops the nodes.
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        print(f"Kafka is ready on {kafka.bootstrap}, process ids {kafka.pids}; Ctrl-C stops it.", flush=True)
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
