# Every target installs what it needs first (deploy/install) and is quiet when all is there.
.DEFAULT_GOAL := help
.PHONY: help demo test test-compose test-kubernetes test-faults check bench bench-worker bench-policy style unit laws flow
install := @python3 -m deploy.install --for
python := .venv/bin/python
# Three processes for two cores, because many tests wait. The tests of a file stay in one process: they share a broker, a
# browser or a world. --dist loadgroup has no effect with pytest 9.2 (pytest-xdist 3.8 sets a name that it ignores).
side_by_side := --numprocesses 3 --dist loadfile --no-loadscope-reorder

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: ## a Thursday of a living province, real Kafka, in your browser; Ctrl-C ends it
	$(install) demo
	@$(python) -m deploy.cli demo

test: ## everything, on real Kafka, PostgreSQL and Chromium (minutes)
	$(install) test
	@$(python) -m pytest $(side_by_side) --durations 25

test-compose: ## docker-compose.yml brought up on a Docker-compatible engine of its own (as root; the first time a quarter of an hour)
	$(install) test-compose
	@$(python) -m pytest tests/compose --durations 10

test-kubernetes: ## every object of deploy/kubernetes sent to a real API server (needs Go and Java 21; the first time ten minutes)
	$(install) test-kubernetes
	@$(python) -m pytest tests/kubernetes

test-faults: ## an hour of kills and churn over three brokers; shorter by arguments: PIKET_FAULTS="--runs 3 --seconds 60"
	$(install) test-faults
	@$(python) -m tests.faults.churn

check: ## style, types, import contracts, quick tests (a minute and a half)
	$(install) check
	@$(MAKE) --no-print-directory --jobs 4 --output-sync=target unit style flow laws

style:
	@$(python) -m ruff check --quiet
	@$(python) -m ruff format --check --quiet
	@$(python) -m mypy
	@.venv/bin/lint-imports --no-cache

quick := -m pytest --quiet -m "not parts and not processes"

unit:
	@$(python) $(quick) --cov --cov-fail-under=100 tests/unit

laws:
	@$(python) $(quick) tests/laws tests/contract

flow:
	@$(python) $(quick) tests/flow

bench: ## throughput beside plain anchors, interleaved, with the spread
	$(install) bench
	@$(python) -m tests.bench

bench-worker: ## the worker beside aiokafka, stock Faust and Kafka Streams; its recovery and growth (half an hour)
	$(install) bench
	@$(python) -m tests.bench worker

bench-policy: ## a year of every OPD resolved from scratch, and one instrument for fifty OPD (a minute)
	$(install) bench
	@$(python) -m tests.bench policy
