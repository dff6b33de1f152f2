"""cli.doctor.model: a model folder that is whole, broken, or not there."""

from pathlib import Path

from cli.doctor.model import check
from retriever.embedding.folder import Manifest, sha256, write_manifest
from retriever.settings import RetrieverSettings


def settings(folder: Path, key: str | None = None) -> RetrieverSettings:
    return RetrieverSettings.model_validate(
        {"internal_token": "t" * 32, "embedding_model_dir": folder, "cohere_api_key": key}
    )


def test_a_whole_model_is_green_and_a_broken_one_is_not(tmp_path: Path) -> None:
    """Each file is what the manifest says, or it would not be loaded."""
    (tmp_path / "model.onnx").write_bytes(b"weights")
    files = {"model.onnx": sha256(b"weights")}
    write_manifest(tmp_path, Manifest("tiny", "int8", 3, 16, "0" * 64, files, {}))
    (whole,) = check(settings(tmp_path))
    (tmp_path / "model.onnx").write_bytes(b"other")
    (broken,) = check(settings(tmp_path))

    assert (whole.colour, "vectors of 3 numbers" in whole.found) == ("green", True)
    assert (broken.colour, "model.onnx" in broken.found) == ("yellow", True)


def test_without_a_model_search_is_by_words(tmp_path: Path) -> None:
    """A warning with the remedy, or nothing to mend where Cohere embeds."""
    (missing,) = check(settings(tmp_path))
    (unneeded,) = check(settings(tmp_path, key="k"))

    assert (missing.colour, "make model" in missing.fix) == ("yellow", True)
    assert (unneeded.colour, unneeded.fix) == ("green", "")
