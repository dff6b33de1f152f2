"""The command that makes the local model."""

from dataclasses import replace
from pathlib import Path

import pytest

from retriever.embedding.folder import read_manifest
from retriever.embedding.making.__main__ import main
from tests.support.tiny_model import RECIPE
from tests.support.tiny_source import published, use_packages_of, write_files


def test_it_makes_the_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, and a line with how near it is to what was published."""
    folder, source = tmp_path / "tiny", write_files(tmp_path / "source")

    code = main([str(folder), "--source", str(source)], published=published(), recipe=RECIPE)

    assert code == 0
    assert read_manifest(folder).name == "tiny"
    assert "made tiny; its least cosine to the published model is 0.9" in capsys.readouterr().err


def test_it_says_why_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and what was wrong with each source; nothing is made."""
    use_packages_of(tmp_path, monkeypatch)

    assert main([str(tmp_path / "tiny")], published=published(), recipe=RECIPE) == 1

    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(
        "the model cannot be made: the model hub: model.safetensors: ConnectError; the package"
    )
    assert not (tmp_path / "tiny").exists()


def test_an_unfaithful_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 as well where the result is not near enough."""
    source = write_files(tmp_path / "source")
    recipe = replace(RECIPE, least_cosine=1.0)

    assert main([str(tmp_path / "tiny"), "--source", str(source)], published=published(), recipe=recipe) == 1

    assert "the least cosine to the published model is 0.9" in capsys.readouterr().err
