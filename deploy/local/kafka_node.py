"""Prepares and starts one KRaft node of Apache Kafka: server properties, formatted storage, Java command.

A start takes 2.5 s with Java's defaults, and 0.8 s with the C1 compiler, the serial collector and an archive of the
loaded classes (CDS), which the first node writes into the cache when it ends.
"""

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from deploy.local.kafka_jars import cache, class_path, exclusive_lock
from deploy.local.server_process import Child, free_ports

Jit = Literal["fast", "full"]
UserProtocol = Literal["SASL_PLAINTEXT", "SASL_SSL"]

CLUSTER = "UGlrZXRMb2NhbEthZmthMQ"  # sixteen bytes, base64url
READY_WITHIN_S = 60
JIT: Mapping[Jit, tuple[str, ...]] = {
    "fast": ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss256k", "-XX:MaxMetaspaceSize=160m"),
    "full": ("-XX:+UseG1GC",),
}
JAVA = (
    "java",
    "-Xmx320m",
    "-XX:-UsePerfData",  # no file in /tmp/hsperfdata_*, which a killed node would leave behind
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",  # it logs when the node is ready
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)
SETTINGS = {
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "unclean.leader.election.enable": "false",
    "log.retention.ms": "-1",  # the demo may play a day of years ago
    "log.segment.bytes": str(64 << 20),
    "log.cleaner.dedupe.buffer.size": str(8 << 20),  # by default 128 MB, of a heap of 320 MB
    "broker.session.timeout.ms": "3000",  # a killed node can join again only after this time
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",  # by default, the first member of a group waits 3 s for others
    "group.min.session.timeout.ms": "1000",  # by default 6 s; workers of the tests have 2 s
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    "num.partitions": "3",
    "offsets.topic.num.partitions": "4",  # each of these three has 50 by default, which take time and files
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "4",
}
REPLICAS = (
    "default.replication.factor",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "share.coordinator.state.topic.replication.factor",
)
IN_SYNC = ("min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr")


def properties(node: int, clients: Mapping[int, int], controllers: Mapping[int, int]) -> dict[str, str]:
    """Return the server properties of one node, given the client ports and controller ports of all nodes."""
    replicas = min(len(clients), 3)
    listener = f"PLAINTEXT://127.0.0.1:{clients[node]}"
    return {
        **SETTINGS,
        **dict.fromkeys(REPLICAS, str(replicas)),
        **dict.fromkeys(IN_SYNC, "2" if replicas == 3 else "1"),  # with three, one node may be away
        "node.id": str(node),
        "listeners": f"{listener},CONTROLLER://127.0.0.1:{controllers[node]}",
        "advertised.listeners": listener,
        "controller.quorum.voters": ",".join(f"{n}@127.0.0.1:{port}" for n, port in controllers.items()),
    }


def user_properties(
    settings: Mapping[str, str], port: int, protocol: UserProtocol, certificate: Path | None
) -> dict[str, str]:
    """Return the properties of a node with one more listener, for users with passwords, whose rights are checked.

    `certificate` is a file (PEM) of private key and certificate. A client of the listener without users may do
    everything: it is the administrator of tests, on 127.0.0.1 only.
    """
    listener = f"USERS://127.0.0.1:{port}"
    prefix, module = "listener.name.users", "org.apache.kafka.common.security.scram.ScramLoginModule"
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(certificate)} if certificate else {}
    return {
        **settings,
        "listeners": f"{listener},{settings['listeners']}",
        "advertised.listeners": f"{listener},{settings['advertised.listeners']}",
        "listener.security.protocol.map": f"USERS:{protocol},{settings['listener.security.protocol.map']}",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "false",
        f"{prefix}.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        f"{prefix}.scram-sha-512.sasl.jaas.config": f"{module} required;",
        **{f"{prefix}.{name}": value for name, value in tls.items()},
    }


def command(jit: Jit) -> list[str]:
    """Return the Java command without the main class. Fetch and prepare first what the cache lacks."""
    folder = cache()
    with exclusive_lock(folder):
        java = [*JAVA, *JIT[jit], "-cp", class_path(folder)]
        checkpoint = folder / "bootstrap.checkpoint"
        if not checkpoint.exists():
            _write_checkpoint(java, checkpoint)
        archive = folder / f"{jit}-{_java_version()}.jsa"
        if not archive.exists():
            _write_archive(java, archive)
    # `auto`: with an archive that does not fit, Java starts without it, only slower.
    return [*java[:1], f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", *java[1:]]


def launch(java: list[str], folder: Path, settings: Mapping[str, str]) -> Child:
    """Start a node with its storage and log in `folder`; format new storage first."""
    data = folder / "data"
    if not (data / "meta.properties").exists():
        _format(data, settings["node.id"])
    temporary = f"-Djava.io.tmpdir={folder}"  # a killed node leaves an unpacked snappy library behind
    return Child([*java, temporary, "kafka.Kafka", str(_write_properties(folder, settings))], folder / "node.log")


def is_ready(child: Child) -> bool:
    """Return whether the node has logged that it serves clients."""
    return b"Kafka Server started" in child.logged()


def _write_properties(folder: Path, settings: Mapping[str, str]) -> Path:
    lines = {**settings, "log.dirs": folder / "data"}
    file = folder / "server.properties"
    file.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    return file


def _format(data: Path, node: str) -> None:
    """Write what Kafka's StorageTool writes, which needs 0.6 s of Java per node.

    With meta.properties alone the node would start too, but with all features (groups, transactions) at level 0.
    """
    data.mkdir(parents=True, exist_ok=True)
    shutil.copy(cache() / "bootstrap.checkpoint", data)
    directory = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    meta = f"version=1\ncluster.id={CLUSTER}\nnode.id={node}\ndirectory.id={directory}\n"
    (data / "meta.properties").write_text(meta)


def _java_version() -> str:
    """Identify the installed Java without starting it: an archive is valid only for the Java that wrote it."""
    java = shutil.which("java")
    if java is None:
        raise RuntimeError("Kafka needs Java, and it is not on the PATH. Install Java 17 or newer, then try again.")
    return str(int(Path(java).resolve().stat().st_mtime))


@contextmanager
def _single_node() -> Iterator[tuple[Path, dict[str, str]]]:
    client, controller = free_ports(2)
    with tempfile.TemporaryDirectory(prefix="piket-kafka-") as home:
        yield Path(home), properties(1, {1: client}, {1: controller})


def _write_checkpoint(java: list[str], checkpoint: Path) -> None:
    with _single_node() as (home, settings):
        tool = [
            "kafka.tools.StorageTool",
            "format",
            "--cluster-id",
            CLUSTER,
            "--config",
            str(_write_properties(home, settings)),
        ]
        subprocess.run([*java, *tool], check=True, capture_output=True, stdin=subprocess.DEVNULL)
        shutil.copy(home / "data" / "bootstrap.checkpoint", checkpoint)


def _write_archive(java: list[str], archive: Path) -> None:
    with _single_node() as (home, settings):
        node = launch([*java[:1], f"-XX:ArchiveClassesAtExit={archive}", *java[1:]], home, settings)
        try:
            node.wait_until(lambda: is_ready(node), READY_WITHIN_S)
        finally:
            # Java writes the archive while it ends, which takes longer than an ordinary stop.
            node.stop(READY_WITHIN_S)
