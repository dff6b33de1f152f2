"""The models the tests have: a tiny one, made once, and the real one."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from retriever.settings import RetrieverSettings
from tests.support.tiny_model import make_tiny


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model; tests that change it copy it."""
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def real_folder() -> Path:
    """The folder with the real model, which ``make test`` makes."""
    folder = RetrieverSettings(internal_token=SecretStr("t" * 16)).embedding_model_dir
    assert (folder / "manifest.json").exists(), "these tests need the local model: run `make model`"
    return folder
