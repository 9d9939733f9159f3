"""Reports what is wrong with the content of one instrument: layer, government, dates, supersession, sites. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date

from services.policy.domain.resolution.binding import ALL_SITES
from services.policy.domain.validation.errors import duplicate_errors, publication_errors, span_errors
from services.policy.domain.validation.rule_errors import rule_errors
from shared.domain.errors import FieldError
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.rules import SiteStart

REGION_CODE_LENGTHS: Mapping[str, frozenset[int]] = {
    "NATIONAL": frozenset({2, 4}),
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
        yield FieldError(pointer, f"Lapis harus {layers}.", f"The layer must be one of {layers}.")
        return
    if len(region) not in REGION_CODE_LENGTHS[layer]:
        yield FieldError(
            pointer,
            f"Lapis {layer} tidak berlaku di wilayah {region}: PROVINCE berkode dua angka, REGION empat angka.",
            f"Layer {layer} does not fit region {region}: PROVINCE has a code of two digits, REGION of four.",
        )
    if instrument.government not in {None, region} or (instrument.government and layer == "NATIONAL"):
        yield FieldError(
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
        yield FieldError(
            "/instrument/opds",
            "Lapis OPD menyebut OPD yang diikat (opds); lapis lain tidak.",
            "Layer OPD names the OPD that it binds (opds); no other layer does.",
        )


def _adoption_errors(instrument: Instrument, region: str) -> Iterator[FieldError]:
    if instrument.adopts and instrument.adopts.region == region:
        yield FieldError(
            "/instrument/adopts/region",
            "Wilayah tidak mengadopsi instrumennya sendiri; hapus adopts.",
            "A region does not adopt an instrument of its own; leave out adopts.",
        )


def _content_errors(instrument: Instrument) -> Iterator[FieldError]:
    yield from _date_errors(instrument)
    if instrument.instrument in instrument.supersedes:
        yield FieldError(
            "/instrument/supersedes",
            f"{instrument.instrument} tidak dapat menggantikan dirinya sendiri.",
            f"{instrument.instrument} cannot supersede itself.",
        )
    yield from duplicate_errors("/instrument/supersedes/{}", instrument.supersedes)
    if instrument.overlay and instrument.rules.pattern:
        yield FieldError(
            "/instrument/rules/pattern",
            "overlay hanya mengubah jam kerja dan membiarkan pola instrumen lain; hapus pattern atau overlay.",
            "An overlay changes hours and leaves the pattern of others alone; leave out pattern or overlay.",
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
            f"Instrumen yang berakhir {last} memerlukan tanggal mulai (effective_from).",
            f"An instrument that ends on {last} needs a date from which it binds (effective_from).",
        )
    yield from publication_errors("/instrument/published_on", instrument.decided_on, instrument.published_on)
    for number, day in enumerate(instrument.rules.pattern.dates if instrument.rules.pattern else ()):
        if first and not first <= day <= (last or day):
            yield FieldError(
                f"/instrument/rules/pattern/dates/{number}",
                f"{day} di luar masa berlaku, {first} sampai {last or 'dicabut'}.",
                f"{day} lies outside the instrument's own dates, {first} to {last or 'its revocation'}.",
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
                "Site ditulis dengan kodenya; semua lainnya (*) mulai pada effective_from, tanpa hari tambahan.",
                "Name a site by its code; all others (*) begin on effective_from, without extra dates.",
            )
        if last and site.from_ > last:
            yield FieldError(
                f"{pointer}/from",
                f"{site.site} mulai {site.from_}, sesudah instrumen berakhir {last}.",
                f"{site.site} begins on {site.from_}, after the instrument ends on {last}.",
            )
        yield from _extra_date_errors(f"{pointer}/dates", site, instrument)


def _extra_date_errors(pointer: str, site: SiteStart, instrument: Instrument) -> Iterator[FieldError]:
    first, last = site.from_, _last_day(instrument)
    yield from duplicate_errors(pointer + "/{}", [str(day) for day in site.dates])
    if site.dates and not instrument.rules.pattern:
        yield FieldError(
            pointer,
            f"Hari tambahan {site.site} berada di samping pola; isi pattern.",
            f"The extra dates of {site.site} stand beside a pattern; give one (pattern).",
        )
    for number, day in enumerate(site.dates):
        if not first <= day <= (last or day):
            yield FieldError(
                f"{pointer}/{number}",
                f"{day} di luar masa {site.site}, {first} sampai {last or 'dicabut'}.",
                f"{day} lies outside the dates of {site.site}, {first} to {last or 'its revocation'}.",
            )
