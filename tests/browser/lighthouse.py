"""A book as its own site has it: long pages of HTML with anchors, ingested and served from one folder."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

_FILLER = (
    "The log of the station is kept in a plain hand and read by nobody but the inspector, who comes in "
    "spring and looks at the brass before he looks at the page."
)
FACTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "lamps.html": {
        "fresnel": (
            "What is a Fresnel lens?",
            "A Fresnel lens is a lens made of rings of glass that gather light into a beam.",
        ),
        "wick": (
            "Trimming the wick",
            "The wick is trimmed every four hours, because a wick that is not trimmed dims the light.",
        ),
    },
    "keepers.html": {
        "watch": (
            "The watch",
            "A watch lasts six hours, and the keeper on watch writes the weather every hour.",
        ),
        "leave": ("Leave", "After eight weeks on the rock a keeper has four weeks of leave ashore."),
    },
}
"""By file: the sections by their anchors, each a heading and the sentence that matters."""


def write(folder: Path) -> Path:
    """Write the site's files and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sections in FACTS.items():
        title = name.removesuffix(".html").capitalize()
        body = "".join(_section(anchor, *said) for anchor, said in sections.items())
        (folder / name).write_text(_page(title, f"<h1>{title}</h1>{_filler(title)}{body}"), "utf-8")
    return folder


def _section(anchor: str, heading: str, sentence: str) -> str:
    return f'<h2 id="{anchor}">{escape(heading)}</h2><p>{escape(sentence)}</p>{_filler(heading)}'


def _filler(word: str) -> str:
    paragraphs = (f"<p>{escape(word)}, {n}. {_FILLER}</p>" for n in range(12))
    return "".join(paragraphs)


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><main>{body}</main></body></html>"
    )
