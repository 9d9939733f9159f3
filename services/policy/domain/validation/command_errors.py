"""What a single command cannot mean, named before anything is decided."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    ArrangeUnit,
    DeclareHolidays,
    DeclineRecommendation,
    DraftInstrument,
    EnactInstrument,
    PolicyCommand,
    Refusal,
    Turn,
)
from services.policy.domain.resolution.binding import EVERY
from services.policy.domain.validation.rule_errors import Fault, raised, rule_faults, span_faults, twice, weekday_faults
from shared.domain.facts.policy import Holiday, Instrument
from shared.domain.facts.rules import SiteStart

LAYERS: Mapping[str, frozenset[int]] = {
    "NATIONAL": frozenset({2, 4}),
    "PROVINCE": frozenset({2}),
    "REGION": frozenset({4}),
    "OPD": frozenset({2, 4}),
}
"""The layers, and how many digits the codes of their regions have."""


def check(command: PolicyCommand) -> None:
    """Raise `Invalid` for what a single command cannot mean: dates, patterns, shares, hours."""
    raised(_faults(command))


def _faults(command: PolicyCommand) -> Iterator[Fault]:
    if isinstance(command, Turn | Refusal):
        yield from _order_faults("/published_on", command)
    match command:
        case EnactInstrument() | AmendInstrument() | DraftInstrument():
            yield from _layer_faults(command.instrument, command.region)
            yield from _adoption_faults(command.instrument, command.region)
            yield from _instrument_faults(command.instrument)
        case ApproveDays():
            yield from weekday_faults("/weekdays", command.weekdays)
            yield from span_faults("/effective_to", command.effective_from, command.effective_to)
        case DeclineRecommendation() if command.recommendation.region == command.region:
            yield (
                "/recommendation/region",
                "Wilayah tidak menolak instrumennya sendiri; cabut atau tangguhkan.",
                "A region does not decline an instrument of its own; revoke or suspend it.",
            )
        case DeclareHolidays(holidays=holidays):
            if not holidays:
                yield ("/holidays", "Sebutkan sedikitnya satu hari.", "Name at least one day.")
            yield from twice("/holidays/{}/date", [str(holiday.date) for holiday in holidays])
        case ArrangeUnit():
            yield from _arrangement_faults(command)


def _layer_faults(instrument: Instrument, region: str) -> Iterator[Fault]:
    layer, pointer = instrument.layer, "/instrument/layer"
    if layer not in LAYERS:
        yield (pointer, f"Lapis harus {', '.join(LAYERS)}.", f"The layer must be one of {', '.join(LAYERS)}.")
        return
    if len(region) not in LAYERS[layer]:
        yield (
            pointer,
            f"Lapis {layer} tidak berlaku di wilayah {region}: PROVINCE berkode dua angka, REGION empat angka.",
            f"Layer {layer} does not fit region {region}: PROVINCE has a code of two digits, REGION of four.",
        )
    if instrument.government not in {None, region} or (instrument.government and layer == "NATIONAL"):
        yield (
            "/instrument/government",
            (
                f"Instrumen {instrument.instrument} milik pemerintah {instrument.government}, bukan wilayah {region}: "
                "yang menetapkan ialah pemerintah yang mempekerjakan."
            ),
            (
                f"Instrument {instrument.instrument} is of government {instrument.government}, not of region {region}: "
                "only the government that employs may enact."
            ),
        )
    if (layer == "OPD") != bool(instrument.opds):
        yield (
            "/instrument/opds",
            "Lapis OPD menyebut OPD yang diikat (opds); lapis lain tidak.",
            "Layer OPD names the OPD that it binds (opds); no other layer does.",
        )


def _adoption_faults(instrument: Instrument, region: str) -> Iterator[Fault]:
    if instrument.adopts and instrument.adopts.region == region:
        yield (
            "/instrument/adopts/region",
            "Wilayah tidak mengadopsi instrumennya sendiri; hapus adopts.",
            "A region does not adopt an instrument of its own; leave out adopts.",
        )


def _instrument_faults(instrument: Instrument) -> Iterator[Fault]:
    yield from _date_faults(instrument)
    if instrument.instrument in instrument.supersedes:
        yield (
            "/instrument/supersedes",
            f"{instrument.instrument} tidak dapat menggantikan dirinya sendiri.",
            f"{instrument.instrument} cannot supersede itself.",
        )
    yield from twice("/instrument/supersedes/{}", instrument.supersedes)
    if instrument.overlay and instrument.rules.pattern:
        yield (
            "/instrument/rules/pattern",
            "overlay hanya mengubah jam kerja dan membiarkan pola instrumen lain; hapus pattern atau overlay.",
            "An overlay changes hours and leaves the pattern of others alone; leave out pattern or overlay.",
        )
    yield from rule_faults(instrument.rules)
    yield from _site_faults(instrument)


def _date_faults(instrument: Instrument) -> Iterator[Fault]:
    first, last = instrument.effective_from, instrument.effective_to
    if first:
        yield from span_faults("/instrument/effective_to", first, last)
    elif last:
        yield (
            "/instrument/effective_from",
            f"Instrumen yang berakhir {last} memerlukan tanggal mulai (effective_from).",
            f"An instrument that ends on {last} needs a date from which it binds (effective_from).",
        )
    yield from _order_faults("/instrument/published_on", instrument)
    for number, day in enumerate(instrument.rules.pattern.dates if instrument.rules.pattern else ()):
        if first and not first <= day <= (last or day):
            yield (
                f"/instrument/rules/pattern/dates/{number}",
                f"{day} di luar masa berlaku, {first} sampai {last or 'dicabut'}.",
                f"{day} lies outside the instrument's own dates, {first} to {last or 'its revocation'}.",
            )


def _last(instrument: Instrument) -> date | None:
    """Its last day; None where that lies before its first: it is told once, not of every date in between."""
    first, last = instrument.effective_from, instrument.effective_to
    return None if first and last and last < first else last


def _site_faults(instrument: Instrument) -> Iterator[Fault]:
    last = _last(instrument)
    for number, site in enumerate(instrument.rules.sites):
        pointer = f"/instrument/rules/sites/{number}"
        if site.site == EVERY and (site.from_ != instrument.effective_from or site.dates):
            yield (
                f"{pointer}/site",
                "Site ditulis dengan kodenya; semua lainnya (*) mulai pada effective_from, tanpa hari tambahan.",
                "Name a site by its code; all others (*) begin on effective_from, without extra dates.",
            )
        if last and site.from_ > last:
            yield (
                f"{pointer}/from",
                f"{site.site} mulai {site.from_}, sesudah instrumen berakhir {last}.",
                f"{site.site} begins on {site.from_}, after the instrument ends on {last}.",
            )
        yield from _extra_date_faults(f"{pointer}/dates", site, instrument)


def _extra_date_faults(pointer: str, site: SiteStart, instrument: Instrument) -> Iterator[Fault]:
    first, last = site.from_, _last(instrument)
    yield from twice(pointer + "/{}", [str(day) for day in site.dates])
    if site.dates and not instrument.rules.pattern:
        yield (
            pointer,
            f"Hari tambahan {site.site} berada di samping pola; isi pattern.",
            f"The extra dates of {site.site} stand beside a pattern; give one (pattern).",
        )
    for number, day in enumerate(site.dates):
        if not first <= day <= (last or day):
            yield (
                f"{pointer}/{number}",
                f"{day} di luar masa {site.site}, {first} sampai {last or 'dicabut'}.",
                f"{day} lies outside the dates of {site.site}, {first} to {last or 'its revocation'}.",
            )


def _order_faults(pointer: str, of: Instrument | Turn | Refusal) -> Iterator[Fault]:
    if of.published_on < of.decided_on:
        yield (
            pointer,
            f"Diumumkan {of.published_on}, sebelum diputuskan {of.decided_on}.",
            f"Published on {of.published_on}, before it was decided on {of.decided_on}.",
        )


def _arrangement_faults(command: ArrangeUnit) -> Iterator[Fault]:
    yield from span_faults("/valid_to", command.valid_from, command.valid_to)
    for number, post in enumerate(command.posts):
        yield from weekday_faults(f"/posts/{number}/weekdays", post.weekdays)
        if post.closes_minute <= post.opens_minute:
            yield (
                f"/posts/{number}/closes_minute",
                f"{post.post} harus tutup sesudah buka; tugas malam ditulis di atas menit 1440.",
                f"{post.post} must close after it opens; write a night beyond minute 1440.",
            )
        for other in command.posts[:number]:
            if other.post == post.post and set(other.weekdays) & set(post.weekdays):
                days = ", ".join(day for day in post.weekdays if day in other.weekdays)
                yield (
                    f"/posts/{number}/post",
                    f"{post.post} tertulis dua kali untuk {days}.",
                    f"{post.post} is written twice for {days}.",
                )


def past_faults(days: Sequence[Holiday], known: Sequence[Holiday], today: date) -> Iterator[Fault]:
    """A calendar may begin with years that are over; once a year is on record, its past days stay as they were."""
    years = {holiday.date.year for holiday in known}
    for number, day in enumerate(days):
        if day.date < today and day.date.year in years:
            yield (
                f"/holidays/{number}/date",
                f"{day.date} sudah lewat; sejarah tidak berubah.",
                f"{day.date} is over; history stays as it was.",
            )
