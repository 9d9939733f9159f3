"""Fills in the checklist of a government: what to do, in order, who does it, how long it takes."""

from datetime import date
from pathlib import Path

from deploy.onboarding.judgement.national_base import national_base
from shared.domain.places import Government
from shared.kafka.broker import topics_of

TEMPLATE = Path(__file__).with_name("checklist.md")
"""The checklist in Indonesian; `docs/operations/onboarding.md` has the same commands in English."""


def checklist(government: Government, folder: Path, today: date, opds: int) -> str:
    """Return the checklist of a government whose files are in a folder."""
    values = {
        "NAMA": government.name,
        "KODE": government.region,
        "FOLDER": str(folder),
        "JUMLAH_TOPIK": str(len(topics_of(government.region))),
        "JUMLAH_OPD": str(opds),
        "TAHUN": f"{today.year} dan {today.year + 1}",
        "INSTRUMEN": "\n".join(f"   - {i.title} (`{i.instrument}`)" for i in national_base(today)),
        "LOKASI": "" if government.is_located else " Isi `lat` dan `lng` setiap unit.",
    }
    text = TEMPLATE.read_text()
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text
