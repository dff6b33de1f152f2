"""Makes further evaluation sets: ``python -m bench.sets OUT``, with what the options name beside.

Code and docstrings come from this Python's own library, so a set is the same for the same Python. ``--book``
is a folder of Markdown; ``--manual`` a folder with one folder for each language and in it
``gnome-help/*.page``, as the Debian package gnome-user-docs unpacks it under ``/usr/share/help``;
``--help-pages`` one language of LibreOffice's help, such as ``help/tr/text`` of libreoffice-help-tr.
"""

import argparse
import sysconfig
from pathlib import Path

from bench.sets.code import by_name, by_purpose, by_summary, described
from bench.sets.folder import Document, Query, write
from bench.sets.prose import by_description, by_first_paragraph, by_heading

LANGUAGES = (
    "de",
    "el",
    "es",
    "fr",
    "hi",
    "hu",
    "ja",
    "ko",
    "pl",
    "ru",
    "ta",
    "tr",
    "zh_CN",
    "he",
    "fa",
    "fi",
)
MIN_PAGES = 60
"""A language in which fewer pages are translated makes no set."""


def main() -> None:
    """Write every set that can be made and name it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--book", type=Path)
    parser.add_argument("--manual", type=Path)
    parser.add_argument("--help-pages", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    for name, (documents, queries) in sets(options.book, options.manual, options.help_pages).items():
        print(f"{name}: %d documents, %d queries" % write(options.out / name, documents, queries))


def sets(
    book: Path | None, manual: Path | None, help_pages: list[Path]
) -> dict[str, tuple[list[Document], list[Query]]]:
    """Return every set by its name."""
    found = list(described(Path(sysconfig.get_path("stdlib"))))
    made = {
        "code-purpose": by_purpose(found),
        "code-names": by_name(found),
        "docstrings": by_summary(found),
    }
    if book is not None:
        made["book-headings"] = by_heading(book)
    if manual is not None:
        original = manual / "C" / "gnome-help"
        pages = {
            language: by_description(manual / language / "gnome-help", original) for language in LANGUAGES
        }
        made |= {f"manual-{language}": one for language, one in pages.items() if len(one[0]) >= MIN_PAGES}
    for folder in help_pages:
        made[f"help-{folder.parent.name}"] = by_first_paragraph(folder)
    return made


if __name__ == "__main__":
    main()
