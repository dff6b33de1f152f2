"""Looks whether the local model is there and whole: each file by the sha256 in its manifest."""

from cli.findings import Colour, Finding
from retriever.embedding.folder import ModelFolderError, read_checked, read_manifest
from retriever.embedding.local import REMEDY
from retriever.settings import RetrieverSettings

GROUP = NAME = "local model"


def check(settings: RetrieverSettings) -> list[Finding]:
    """Return what there is to say of EMBEDDING_MODEL_DIR."""
    needed = settings.cohere_api_key is None
    without = "search is by words alone" if needed else "not needed while Cohere embeds"
    folder = settings.embedding_model_dir
    try:
        manifest = read_manifest(folder)
        for name in manifest.files:
            read_checked(folder, manifest, name)
    except ModelFolderError as error:
        colour: Colour = "yellow" if needed else "green"
        return [Finding(GROUP, NAME, colour, f"{error}: {without}", REMEDY if needed else "")]
    told = f"{manifest.name} ({manifest.quantisation}), vectors of {manifest.size} numbers, whole"
    return [Finding(GROUP, NAME, "green", told)]
