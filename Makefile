# Every target installs what it needs first (deploy/local/install.py) and is quiet when all is there.
.DEFAULT_GOAL := help
.PHONY: help demo test check bench
install := @python3 deploy/local/install.py --for
python := .venv/bin/python
quick := tests/unit tests/laws tests/contract tests/flow

# What decides and counts, without a clock, randomness or IO: every line and branch of it is tested.
pure := services/*/decider.py,services/*/commands.py,services/policy/resolution.py,services/roster/planner.py,$\
services/reporting/coverage.py,services/reporting/factset.py,services/reporting/inforce.py,$\
services/reporting/presence.py,services/reporting/spans.py,services/reporting/runs.py,services/reporting/state.py,$\
services/reporting/strip.py,shared/events.py,shared/regions.py,shared/settle.py,$\
shared/facts/*.py

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: ## one office on one day, real Kafka, in your browser; Ctrl-C ends it
	$(install) demo
	@$(python) -m deploy.operate demo

test: ## everything, on real Kafka, PostgreSQL and Chromium (minutes)
	$(install) test
	@$(python) -m pytest

check: ## style, types, import contracts, quick tests (under a minute)
	$(install) check
	@$(python) -m ruff check --quiet
	@$(python) -m ruff format --check --quiet
	@$(python) -m mypy
	@.venv/bin/lint-imports --no-cache
	@$(python) -m pytest --quiet -m "not parts" --cov --cov-report= $(quick)
	@$(python) -m coverage report --include='$(pure)' --fail-under=100

bench: ## throughput beside plain anchors, interleaved, with the spread
	$(install) bench
	@$(python) -m tests.bench
