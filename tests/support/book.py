"""A small book, made here, to ingest and ask about."""

from pathlib import Path

CHAPTERS = {
    "ch01-keepers.md": """# Keepers

A keeper is the person who tends a lighthouse and answers for its light. Keepers work in pairs, so that
one may sleep while the other watches.

## The watch

A watch lasts six hours. The keeper on watch writes the weather into the log every hour. If fog comes, the
keeper starts the horn within five minutes.

## Leave

After eight weeks on the rock a keeper has four weeks of leave ashore.
""",
    "ch02-lamps.md": """# Lamps and lenses

## What Is a Fresnel Lens?

A Fresnel lens is a lens made of rings of glass that gather light into a beam. It is lighter than a solid
lens of the same power. The largest ones, of the first order, stand taller than a person.

## Trimming the wick

The wick is trimmed every four hours. A wick that is not trimmed smokes and dims the light.

```sh
lamp --trim-wick --hours 4
```

## Colours

| colour | meaning |
|---|---|
| white | safe water |
| red | danger |
""",
    "ch03-signals.md": """# Signals

Every light has a character: the rhythm by which sailors tell it from others. An occulting light is dark for
less time than it is lit. A flashing light is lit for less time than it is dark.

## Fog signals

A fog signal is a sound that tells ships where the lighthouse is when its light cannot be seen. The horn
sounds for three seconds in every minute.
""",
    "supply.txt": """Supply boats

The supply boat calls once a fortnight with oil, water and letters. In winter it may be late by a month, so
the store must hold oil for sixty nights.
""",
    "wrecks.html": """<!doctype html><html><head><title>Wrecks</title><script>alert(1)</script></head>
<body><nav>Home | About</nav><main><h1>Wrecks</h1>
<h2 id="the-aurora">The Aurora</h2>
<p>The Aurora ran aground on the north reef in the winter of 1884.
The keepers saved all hands.</p>
</main></body></html>
""",
}


def write(folder: Path) -> Path:
    """Write the book's files into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in CHAPTERS.items():
        (folder / name).write_text(text, "utf-8")
    return folder
