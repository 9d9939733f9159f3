"""Asks this process's own `/readyz` (`--live`: `/healthz`): `python -m shared.health_check`, for a container.

The exit status is 0 if the answer is 200. It asks the port PIKET_PORT of a web service, PIKET_METRICS_PORT of a process
without one. It imports the standard library only, because it runs every few seconds.
"""

import http.client
import os
import ssl
import sys
from collections.abc import Mapping

TIMEOUT_S = 4


def ask(path: str, environment: Mapping[str, str]) -> str:
    """Return why the process is not ready, an empty text if it is."""
    ports = []
    for connection in _connections(environment):
        ports.append(connection.port)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return "" if answer.status == http.HTTPStatus.OK else answer.read().decode(errors="replace")
        except ConnectionRefusedError:
            continue
        except (OSError, http.client.HTTPException) as error:
            return f"Port {connection.port} does not answer {path}: {type(error).__name__}."
        finally:
            connection.close()
    numbers = " and ".join(map(str, ports))
    return f"Nothing listens on port {numbers}. Set PIKET_PORT or PIKET_METRICS_PORT to that of the process."


def _connections(environment: Mapping[str, str]) -> list[http.client.HTTPConnection]:
    """Return the connections to try, in this order: the web service, then the metrics of a process without one."""
    port, metrics_port = environment.get("PIKET_PORT") or "8080", environment.get("PIKET_METRICS_PORT")
    web = _web_connection(_host(environment, "PIKET_HOST"), int(port), bool(environment.get("PIKET_TLS_CERTIFICATE")))
    if not metrics_port:
        return [web]
    return [web, http.client.HTTPConnection(_host(environment, "PIKET_METRICS_HOST"), int(metrics_port), TIMEOUT_S)]


def _web_connection(host: str, port: int, encrypted: bool) -> http.client.HTTPConnection:  # noqa: FBT001
    if not encrypted:
        return http.client.HTTPConnection(host, port, TIMEOUT_S)
    # Without verification: the certificate names the public address, and nobody is between a process and itself.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)


def _host(environment: Mapping[str, str], variable: str) -> str:
    host = environment.get(variable, "")
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing listens


if __name__ == "__main__":
    sys.exit(ask("/healthz" if "--live" in sys.argv else "/readyz", os.environ) or 0)
