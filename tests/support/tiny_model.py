"""A model of the real one's kind, small enough to be made by a test: its weights are drawn at random."""

from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from retriever.embedding.folder import TOKENIZER
from retriever.embedding.making.model import Recipe, make
from retriever.embedding.making.sources import WEIGHTS
from retriever.embedding.making.weights import Weights, write_weights

SIZE, WIDE, HEADS, LAYERS, PLACES = 32, 64, 4, 2, 24
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,:;?!|()[]<>-_=/`'\"é"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "lamp", "keeper", "watch", *LETTERS]
WORDS += [f"##{letter}" for letter in LETTERS]
RECIPE = Recipe(name="tiny", heads=HEADS, max_tokens=16, least_cosine=0.9)


def tiny_weights(seed: int = 1) -> Weights:
    """Return weights under the names the published model has."""
    draw = np.random.default_rng(seed)

    def tensor(*shape: int) -> NDArray[np.float32]:
        return draw.normal(0, 0.3, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": tensor(len(WORDS), SIZE),
        "embeddings.position_embeddings.weight": tensor(PLACES, SIZE),
        "embeddings.token_type_embeddings.weight": tensor(2, SIZE),
    }
    dense, norms = {}, ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(LAYERS)):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            dense[f"{layer}.attention.{part}"] = (SIZE, SIZE)
        dense[f"{layer}.intermediate.dense"] = (WIDE, SIZE)
        dense[f"{layer}.output.dense"] = (SIZE, WIDE)
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for name, shape in dense.items():
        weights |= {f"{name}.weight": tensor(*shape), f"{name}.bias": tensor(shape[0])}
    for name in norms:
        weights |= {f"{name}.weight": 1 + tensor(SIZE), f"{name}.bias": tensor(SIZE)}
    return weights


def tiny_files(seed: int = 1) -> dict[str, bytes]:
    """Return what would have been published: weights and tokenizer."""
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    marks = [(mark, vocabulary[mark]) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=marks
    )
    # As the published one has it: cut and filled to a length that is not ours.
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    return {WEIGHTS: write_weights(tiny_weights(seed)), TOKENIZER: tokenizer.to_str().encode()}


def make_tiny(folder: Path) -> Path:
    """Make the tiny model in ``folder`` and return it."""
    make(tiny_files(), weights=WEIGHTS, recipe=RECIPE, folder=folder)
    return folder
