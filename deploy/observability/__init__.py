"""Says what operations watch: the catalogue of metrics, rules, alerts and dashboards."""
