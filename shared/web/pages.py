"""The frame of every page: templates, both languages, dates and times as people here write them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGES = ("id", "en")
"""Indonesian is what the templates are written in; every other language is a catalogue."""
THEMES = ("light", "dark")
"""Without a choice the system decides."""
SPELT = {"IGD", "UGD", "ICU", "KTP", "KK", "KIA", "SIM", "STNK", "BPKB", "PTSP", "PBB", "MPP"}
"""Abbreviations that everybody knows stay as they are where a code stands for a name."""
YEAR_SECONDS = 365 * 86_400


class Pages:
    """Renders a service's templates inside the frame, which says so when the clock is a demo's.

    Catalogues `en.po` lie beside the templates.
    """

    def __init__(self, folder: Path, *, demo: bool = False) -> None:
        self._rooms = {lang: _environment(lang, folder, demo=demo) for lang in LANGUAGES}

    def fragment(self, lang: str, template: str, **context: Any) -> str:  # noqa: ANN401 - a template's own
        """Render a template in a language."""
        return self._rooms[lang].get_template(template).render(context, lang=lang)

    def page(self, request: Request, template: str, **context: Any) -> HTMLResponse:  # noqa: ANN401 - the same
        """Answer with a page in the reader's language and theme, and remember what was just chosen."""
        chosen = {"lang": language(request), "theme": _wish(request, "theme", THEMES)}
        wall = request.query_params.get("dinding") == "1"
        theme = "dark" if wall else chosen["theme"]
        html = self.fragment(chosen["lang"], template, theme=theme, wall=wall, kept=_kept(request, chosen), **context)
        headers = {"content-language": chosen["lang"], "vary": "cookie", "cache-control": "no-cache"}
        answer = HTMLResponse(html, headers=headers)
        for name, value in chosen.items():
            if value and request.query_params.get(name) == value:
                answer.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="lax", httponly=True)
        return answer


def language(request: Request) -> str:
    """The language chosen now (`?lang=`), or before (cookie), or Indonesian."""
    return _wish(request, "lang", LANGUAGES) or LANGUAGES[0]


def _kept(request: Request, chosen: Mapping[str, str]) -> str:
    """What a switch of language or theme leaves in the address: everything else that was asked for."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in chosen]
    return f"{urlencode(asked)}&" if asked else ""


def _wish(request: Request, name: str, known: Sequence[str]) -> str:
    wishes = (request.query_params.get(name, ""), request.cookies.get(name, ""))
    return next((wish for wish in wishes if wish in known), "")


def _environment(lang: str, folder: Path, *, demo: bool) -> Environment:
    room = Environment(
        loader=FileSystemLoader([folder, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations = Translations()
    for catalogue in (HERE / "locale" / f"{lang}.po", folder / f"{lang}.po"):
        translations.merge(_catalogue(catalogue))
    room.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    room.globals.update(demo=demo, theme="", wall=False, kept="")
    room.filters.update(_filters(lang))
    return room


def _catalogue(file: Path) -> Translations:
    if not file.exists():
        return Translations()
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)


def _filters(lang: str) -> Mapping[str, Any]:
    separator = "." if lang == "id" else ":"
    day = "EEEE, d MMMM y"

    def hours(instant: datetime) -> str:
        return instant.strftime(f"%H{separator}%M")

    def minute(of_day: int) -> str:
        hour, rest = divmod(of_day, 60)
        return f"{hour % 24 if hour > 24 else hour:02d}{separator}{rest:02d}"

    return {
        "hours": hours,
        "minute": minute,
        "hours_zone": lambda instant: f"{hours(instant)} {instant.tzname()}",
        "day": lambda instant: format_date(instant, day, locale=lang),
        "number": lambda number: format_decimal(number, locale=lang),
        "percent": lambda share: format_percent(share, locale=lang),
        "label": _label,
    }


def _label(code: str) -> str:
    words = [word if word in SPELT else word.lower() for word in code.replace("_", " ").replace("-", " ").split()]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]
