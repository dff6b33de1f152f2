"""``python -m retriever.embedding.making FOLDER [--source FOLDER]``: makes the local model.

Exit code 1 if it cannot be had, saying what was wrong with each source; nothing is changed then.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from retriever.embedding.making.model import MINILM_RECIPE, Recipe, UnfaithfulError, make
from retriever.embedding.making.sources import MINILM, WEIGHTS, Published, SourceError, fetch


def main(
    arguments: Sequence[str] | None = None,
    *,
    published: Published = MINILM,
    recipe: Recipe = MINILM_RECIPE,
) -> int:
    """Make the model; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m retriever.embedding.making", description="Makes the local model."
    )
    parser.add_argument("folder", type=Path, help="where it is put, replacing what is there")
    parser.add_argument("--source", type=Path, help=f"a folder with {' and '.join(published.digests)}")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            files = fetch(published, local=given.source, scratch=Path(scratch), tell=_tell)
        _tell("making the model")
        cosine = make(files, weights=WEIGHTS, recipe=recipe, folder=given.folder)
    except (SourceError, UnfaithfulError, OSError) as error:
        _tell(f"the model cannot be made: {error}")
        return 1
    _tell(f"made {recipe.name}; its least cosine to the published model is {cosine:.4f}")
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
