"""Reports what is wrong with the rules of one instrument, and lists the vocabulary of the rules. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from services.policy.domain.validation.errors import duplicate_errors, span_errors, weekday_errors
from services.policy.domain.validation.hours_errors import hours_errors
from shared.domain.errors import FieldError
from shared.domain.facts.rules import Approval, Discretion, Pattern, Rules
from shared.domain.messages import Message, Text
from shared.domain.work_location import SERVICE_CLASSES

VOCABULARY: Mapping[str, frozenset[str]] = {
    "share_of": frozenset({"OPD", "UNIT"}),
    "excluded_classes": frozenset(SERVICE_CLASSES),
    "place": frozenset({"HOME", "OTHER_OFFICE", "OTHER_PLACE", "PUBLIC_PLACE"}),
    "kind": frozenset({"OPD_DAYS", "APPLICATION", "ORDER"}),
    "may_decide": frozenset({"WHETHER", "WHO", "SHARE", "DAY", "JOB_TYPES"}),
    "person_rules": frozenset({"NOT_UNDER_DISCIPLINE", "NOT_NEW_IN_POST"}),
    "covers": frozenset({"PNS", "CPNS", "PPPK", "PPPK_PARUH_WAKTU"}),
    "reports": frozenset({"MONTHLY", "QUARTERLY", "YEARLY"}),
}
"""The values that a new instrument may use. Readers accept other values, so that this list can grow."""

RULES_POINTER = "/instrument/rules"
GROUP_COUNTS = range(2, 11)
"""How many groups may take turns at home."""


def rule_errors(rules: Rules) -> Iterator[FieldError]:
    """Report every error in the rules of one instrument. Pointers are relative to the body of the command."""
    if rules.pattern:
        yield from _pattern_errors(rules.pattern, rules)
    yield from _share_errors(rules)
    for pointer, rule, values in _vocabulary_uses(rules):
        yield from _vocabulary_errors(f"{RULES_POINTER}/{pointer}", rule, values)
    for number, approval in enumerate(rules.approvals):
        yield from _offer_errors(f"{RULES_POINTER}/approvals/{number}/weekdays", approval)
    for number, discretion in enumerate(rules.unit_head_decides):
        yield from _discretion_errors(f"{RULES_POINTER}/unit_head_decides/{number}", discretion, rules)
    if rules.hours:
        yield from hours_errors(f"{RULES_POINTER}/hours", rules.hours)
    for number, pattern in enumerate(rules.work_patterns):
        yield from _unit_errors(f"{RULES_POINTER}/work_patterns/{number}/units", pattern.units)
        yield from weekday_errors(f"{RULES_POINTER}/work_patterns/{number}/work_days", pattern.work_days)
    if rules.evaluation and rules.evaluation.from_:
        yield from span_errors(f"{RULES_POINTER}/evaluation/to", rules.evaluation.from_, rules.evaluation.to)
    yield from duplicate_errors(RULES_POINTER + "/sites/{}/site", [site.site for site in rules.sites])


def _offer_errors(pointer: str, approval: Approval) -> Iterator[FieldError]:
    if approval.kind == "OPD_DAYS":
        yield from weekday_errors(pointer, approval.weekdays)
    elif approval.weekdays:
        yield FieldError(
            pointer,
            Message("Hanya OPD_DAYS menawarkan hari; {kind} berlaku setiap hari: hapus weekdays.", kind=approval.kind),
        )


def _discretion_errors(pointer: str, discretion: Discretion, rules: Rules) -> Iterator[FieldError]:
    yield from _unit_errors(f"{pointer}/units", discretion.units)
    if not discretion.may_decide:
        choices = ", ".join(sorted(VOCABULARY["may_decide"]))
        yield FieldError(
            f"{pointer}/may_decide", Message("Sebutkan apa yang diputuskan kepala unit: {choices}.", choices=choices)
        )
    if not rules.pattern:
        yield FieldError(
            pointer, Message("unit_head_decides hanya berarti di samping pola instrumen itu sendiri; isi pattern.")
        )


def _unit_errors(pointer: str, units: Sequence[str]) -> Iterator[FieldError]:
    if not units:
        yield FieldError(pointer, Message("Sebutkan unitnya, atau * untuk semua."))


def _vocabulary_uses(rules: Rules) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield every use of a closed vocabulary: pointer below the rules, key in `VOCABULARY`, values."""
    for rule in ("excluded_classes", "person_rules", "covers"):
        yield rule, rule, getattr(rules, rule)
    for number, place in enumerate(rules.places):
        yield f"places/{number}/place", "place", [place.place]
    for number, discretion in enumerate(rules.unit_head_decides):
        yield f"unit_head_decides/{number}/may_decide", "may_decide", discretion.may_decide
    for number, approval in enumerate(rules.approvals):
        yield f"approvals/{number}/kind", "kind", [approval.kind]
    if rules.presence and rules.presence.place:
        yield "presence/place", "place", [rules.presence.place]
    if rules.evaluation and rules.evaluation.reports:
        yield "evaluation/reports", "reports", [rules.evaluation.reports]


def _vocabulary_errors(pointer: str, rule: str, values: Sequence[str]) -> Iterator[FieldError]:
    choices = ", ".join(sorted(VOCABULARY[rule]))
    for value in values:
        if value not in VOCABULARY[rule]:
            yield FieldError(pointer, Message("{value} tidak dikenal; pilih {choices}.", value=value, choices=choices))


def _share_errors(rules: Rules) -> Iterator[FieldError]:
    pointer = f"{RULES_POINTER}/share_of"
    if rules.share_of not in {None, *VOCABULARY["share_of"]}:
        yield FieldError(pointer, Message("share_of harus OPD atau UNIT."))
    if rules.share_of and rules.max_share is None and rules.min_on_site_share is None:
        yield FieldError(
            pointer,
            Message("share_of mengatakan dari apa max_share atau min_on_site_share dihitung; isi salah satunya."),
        )
    min_on_site, max_home, max_on_site = rules.min_on_site_share, rules.max_share, rules.max_on_site_share
    if min_on_site is not None and max_home is not None and min_on_site + max_home > 1:
        yield FieldError(
            f"{RULES_POINTER}/min_on_site_share",
            Message(
                "min_on_site_share {min_on_site:g} dan max_share {max_home:g} tidak dapat dipenuhi bersama: "
                "bila {max_home:g} di rumah, tinggal {on_site:g} di kantor.",
                min_on_site=min_on_site,
                max_home=max_home,
                on_site=1 - max_home,
            ),
        )
    if min_on_site is not None and max_on_site is not None and min_on_site > max_on_site:
        yield share_conflict_error(min_on_site, max_on_site, Message("instrumen ini"))


def share_conflict_error(min_on_site: float, max_on_site: float, sources: Text) -> FieldError:
    """Report that `min_on_site_share` exceeds `max_on_site_share`. `sources` names the instruments of the two."""
    return FieldError(
        f"{RULES_POINTER}/min_on_site_share",
        Message(
            "min_on_site_share {min_on_site:g} melebihi yang disisakan WFH wajib, max_on_site_share "
            "{max_on_site:g} ({sources}).",
            min_on_site=min_on_site,
            max_on_site=max_on_site,
            sources=sources,
        ),
    )


def _pattern_errors(pattern: Pattern, rules: Rules) -> Iterator[FieldError]:
    kinds = (bool(pattern.weekdays), bool(pattern.dates), pattern.groups is not None, pattern.any_day)
    if sum(kinds) != 1:
        yield FieldError(
            f"{RULES_POINTER}/pattern",
            Message(
                "Pola memakai tepat satu: hari tetap (weekdays), tanggal (dates), kelompok bergilir (groups), "
                "atau setiap hari (any_day)."
            ),
        )
    if pattern.weekdays:
        yield from weekday_errors(f"{RULES_POINTER}/pattern/weekdays", pattern.weekdays)
    yield from duplicate_errors(RULES_POINTER + "/pattern/dates/{}", [str(day) for day in pattern.dates])
    if pattern.groups is None:
        return
    if pattern.groups not in GROUP_COUNTS:
        yield FieldError(
            f"{RULES_POINTER}/pattern/groups",
            Message("Jumlah kelompok harus {first} sampai {last}.", first=GROUP_COUNTS[0], last=GROUP_COUNTS[-1]),
        )
    if rules.max_share is None:
        yield FieldError(
            f"{RULES_POINTER}/max_share",
            Message("Kelompok bergilir memerlukan max_share: porsi terbesar di rumah pada satu hari."),
        )
