"""Reports what is wrong with the content of one instrument: layer, government, dates, supersession, sites. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date

from services.policy.domain.resolution.binding import ALL_SITES
from services.policy.domain.validation.errors import duplicate_errors, publication_errors, span_errors
from services.policy.domain.validation.rule_errors import rule_errors
from shared.domain.errors import FieldError
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.rules import SiteStart
from shared.domain.messages import Message

REGION_CODE_LENGTHS: Mapping[str, frozenset[int]] = {
    "NATIONAL": frozenset({2, 4}),  # every region records it for itself
    "PROVINCE": frozenset({2}),
    "REGION": frozenset({4}),
    "OPD": frozenset({2, 4}),
}
"""Layer → allowed lengths of the region code, in digits: 2 is a province, 4 a regency or city."""


def instrument_errors(instrument: Instrument, region: str) -> Iterator[FieldError]:
    """Report every error in the content of an instrument that a region records."""
    yield from _layer_errors(instrument, region)
    yield from _adoption_errors(instrument, region)
    yield from _content_errors(instrument)


def _layer_errors(instrument: Instrument, region: str) -> Iterator[FieldError]:
    layer, pointer = instrument.layer, "/instrument/layer"
    if layer not in REGION_CODE_LENGTHS:
        layers = ", ".join(REGION_CODE_LENGTHS)
        yield FieldError(pointer, Message("Lapis harus {layers}.", layers=layers))
        return
    if len(region) not in REGION_CODE_LENGTHS[layer]:
        yield FieldError(
            pointer,
            Message(
                "Lapis {layer} tidak berlaku di wilayah {region}: PROVINCE berkode dua angka, REGION empat angka.",
                layer=layer,
                region=region,
            ),
        )
    if instrument.government not in {None, region} or (instrument.government and layer == "NATIONAL"):
        yield FieldError(
            "/instrument/government",
            Message(
                "Instrumen {instrument} milik pemerintah {government}, bukan wilayah {region}: yang menetapkan "
                "ialah pemerintah yang mempekerjakan.",
                instrument=instrument.instrument,
                government=instrument.government,
                region=region,
            ),
        )
    if (layer == "OPD") != bool(instrument.opds):
        yield FieldError("/instrument/opds", Message("Lapis OPD menyebut OPD yang diikat (opds); lapis lain tidak."))


def _adoption_errors(instrument: Instrument, region: str) -> Iterator[FieldError]:
    if instrument.adopts and instrument.adopts.region == region:
        yield FieldError(
            "/instrument/adopts/region", Message("Wilayah tidak mengadopsi instrumennya sendiri; hapus adopts.")
        )


def _content_errors(instrument: Instrument) -> Iterator[FieldError]:
    yield from _date_errors(instrument)
    if instrument.instrument in instrument.supersedes:
        yield FieldError(
            "/instrument/supersedes",
            Message("{instrument} tidak dapat menggantikan dirinya sendiri.", instrument=instrument.instrument),
        )
    yield from duplicate_errors("/instrument/supersedes/{}", instrument.supersedes)
    if instrument.overlay and instrument.rules.pattern:
        yield FieldError(
            "/instrument/rules/pattern",
            Message("overlay hanya mengubah jam kerja dan membiarkan pola instrumen lain; hapus pattern atau overlay."),
        )
    yield from rule_errors(instrument.rules)
    yield from _site_errors(instrument)


def _date_errors(instrument: Instrument) -> Iterator[FieldError]:
    first, last = instrument.effective_from, instrument.effective_to
    if first:
        yield from span_errors("/instrument/effective_to", first, last)
    elif last:
        yield FieldError(
            "/instrument/effective_from",
            Message("Instrumen yang berakhir {last} memerlukan tanggal mulai (effective_from).", last=last),
        )
    yield from publication_errors("/instrument/published_on", instrument.decided_on, instrument.published_on)
    for number, day in enumerate(instrument.rules.pattern.dates if instrument.rules.pattern else ()):
        # `last or day`: without a last day, no day is too late.
        if first and not first <= day <= (last or day):
            yield FieldError(
                f"/instrument/rules/pattern/dates/{number}",
                Message(
                    "{day} di luar masa berlaku, {first} sampai {last}.",
                    day=day,
                    first=first,
                    last=last or Message("dicabut"),
                ),
            )


def _last_day(instrument: Instrument) -> date | None:
    """Return the last day of an instrument; None if it lies before the first, which is reported only once."""
    first, last = instrument.effective_from, instrument.effective_to
    return None if first and last and last < first else last


def _site_errors(instrument: Instrument) -> Iterator[FieldError]:
    last = _last_day(instrument)
    for number, site in enumerate(instrument.rules.sites):
        pointer = f"/instrument/rules/sites/{number}"
        if site.site == ALL_SITES and (site.from_ != instrument.effective_from or site.dates):
            yield FieldError(
                f"{pointer}/site",
                Message(
                    "Site ditulis dengan kodenya; semua lainnya (*) mulai pada effective_from, tanpa hari tambahan."
                ),
            )
        if last and site.from_ > last:
            yield FieldError(
                f"{pointer}/from",
                Message(
                    "{site} mulai {first}, sesudah instrumen berakhir {last}.",
                    site=site.site,
                    first=site.from_,
                    last=last,
                ),
            )
        yield from _extra_date_errors(f"{pointer}/dates", site, instrument)


def _extra_date_errors(pointer: str, site: SiteStart, instrument: Instrument) -> Iterator[FieldError]:
    first, last = site.from_, _last_day(instrument)
    yield from duplicate_errors(pointer + "/{}", [str(day) for day in site.dates])
    if site.dates and not instrument.rules.pattern:
        yield FieldError(pointer, Message("Hari tambahan {site} berada di samping pola; isi pattern.", site=site.site))
    for number, day in enumerate(site.dates):
        if not first <= day <= (last or day):
            yield FieldError(
                f"{pointer}/{number}",
                Message(
                    "{day} di luar masa {site}, {first} sampai {last}.",
                    day=day,
                    site=site.site,
                    first=first,
                    last=last or Message("dicabut"),
                ),
            )
