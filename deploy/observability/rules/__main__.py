"""Prints the rules for a demo of some speed, or the table of all alerts (`python -m deploy.observability.rules`)."""

from argparse import ArgumentParser

from deploy.observability.rules.alert_table import alert_table
from deploy.observability.rules.office_clock import shorten_office_durations
from deploy.observability.rules.rule_files import read_rules, rules_text

parser = ArgumentParser(prog="python -m deploy.observability.rules", description=__doc__)
parser.add_argument("--speed", type=float, default=1, help="divides the durations of the office day")
parser.add_argument("--table", action="store_true", help="print docs/operations/alerts.md instead")
arguments = parser.parse_args()
if arguments.speed <= 0:
    parser.error(f"--speed is above 0, not {arguments.speed}; nothing was printed")
rules = read_rules()
print(alert_table(rules) if arguments.table else rules_text(shorten_office_durations(rules, arguments.speed)), end="")
