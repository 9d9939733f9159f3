"""Renders pages: templates inside the common frame, in both languages, with Indonesian or English dates and numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from shared.catalogue import LANGUAGES, SHARED_CATALOGUE, Catalogue, load_translations

HERE = Path(__file__).parent
STATIC = HERE / "static"
THEMES = ("light", "dark")
"""If the reader has not chosen one, the browser's preference decides."""
ABBREVIATIONS = {"IGD", "UGD", "ICU", "KTP", "KK", "KIA", "SIM", "STNK", "BPKB", "PTSP", "PBB", "MPP"}
"""Well-known abbreviations that `label` keeps in capitals when it turns a code into a name."""
COOKIE_SECONDS = 365 * 86_400


class Pages:
    """Renders the templates of a service inside the frame; its catalogue `en.po` is in the same folder.

    `catalogue` renders the messages that templates get, with the filter `text`. With `demo` the frame says that the
    clock is a demo's.
    """

    def __init__(self, folder: Path, catalogue: Catalogue = SHARED_CATALOGUE, *, demo: bool = False) -> None:
        self._environments = {lang: _environment(lang, folder, catalogue, demo=demo) for lang in LANGUAGES}

    def fragment(self, lang: str, template: str, **context: Any) -> str:  # noqa: ANN401 - variables of the template
        """Render a template in a language, without a response."""
        return self._environments[lang].get_template(template).render(context, lang=lang)

    def page(self, request: Request, template: str, **context: Any) -> HTMLResponse:  # noqa: ANN401 - variables of the template
        """Return a page in the reader's language and theme; set a cookie for a choice made in this request."""
        chosen = {"lang": language(request), "theme": _preference(request, "theme", THEMES)}
        wall = request.query_params.get("dinding") == "1"
        # A wall display is dark without a choice; no cookie is set, so other pages of this browser keep their theme.
        theme = "dark" if wall else chosen["theme"]
        query = _remaining_query(request, chosen)
        html = self.fragment(chosen["lang"], template, theme=theme, wall=wall, remaining_query=query, **context)
        headers = {"content-language": chosen["lang"], "vary": "cookie", "cache-control": "no-cache"}
        answer = HTMLResponse(html, headers=headers)
        for name, value in chosen.items():
            if value and request.query_params.get(name) == value:
                answer.set_cookie(name, value, max_age=COOKIE_SECONDS, samesite="lax", httponly=True)
        return answer


def language(request: Request) -> str:
    """Return the language chosen in this request (`?lang=`) or before (cookie), else Indonesian."""
    return _preference(request, "lang", LANGUAGES) or LANGUAGES[0]


def _remaining_query(request: Request, chosen: Mapping[str, str]) -> str:
    """Return the query string that a link to another language or theme must keep, ending in `&` if not empty."""
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name not in chosen]
    return f"{urlencode(parameters)}&" if parameters else ""


def _preference(request: Request, name: str, allowed: Sequence[str]) -> str:
    requested = (request.query_params.get(name, ""), request.cookies.get(name, ""))
    return next((value for value in requested if value in allowed), "")


@cache  # applications with the same templates compile them once
def _environment(lang: str, folder: Path, catalogue: Catalogue, *, demo: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, HERE / "templates"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    translations = load_translations(HERE / "locale" / f"{lang}.po", folder / f"{lang}.po")
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(demo=demo, theme="", wall=False, remaining_query="")
    environment.filters.update(_filters(lang), text=partial(catalogue.text, lang=lang))
    return environment


def _filters(lang: str) -> Mapping[str, Any]:
    separator = "." if lang == "id" else ":"
    day = "EEEE, d MMMM y"

    def hours(instant: datetime) -> str:
        return instant.strftime(f"%H{separator}%M")

    def minute(of_day: int) -> str:
        hour, rest = divmod(of_day, 60)
        # 24.00 stays, as the end of a day; later minutes of a night are shown as those of the next morning.
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
    parts = code.replace("_", " ").replace("-", " ").split()
    name = " ".join(part if part in ABBREVIATIONS else part.lower() for part in parts)
    return name[:1].upper() + name[1:]
