"""Builds the Grafana dashboards of Piket; `python -m deploy.observability.dashboards` writes them as JSON."""
