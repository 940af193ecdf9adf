"""Our loop and the straightforward one are the same training: the benchmark compares like with like."""

import msgspec
import pytest
import torch

from benchmarks.straightforward import Straightforward
from core.gans.recipes import default_config
from core.gans.training import Training


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_a_step_of_the_straightforward_loop_weighs_the_losses_that_ours_has(model: str, small_split) -> None:
    config = msgspec.structs.replace(
        default_config(model, "seen", "original"), batch_size=32, epochs=2, flip=False, shift=0, clip_norm=1e6
    )
    ours, theirs = Training(model, config, small_split, 0, "cpu"), Straightforward(model, config, small_split, 2)
    theirs.gan.load_state_dict(ours.gan.state_dict())
    batch = next(ours.batches.epoch())
    assert len(batch.damaged.images) == 0
    ours._step(batch)
    theirs.step(batch.normal.images, batch.anomaly.images)
    mine, other = (dict(gan.named_parameters()) for gan in (ours.gan, theirs.gan))
    discriminators = [name for name in mine if "discriminator" in name]
    assert discriminators
    for name in discriminators:  # no batch norm in them, and the same reconstructions but for that of the generator
        change = (mine[name] - other[name]).abs().mean().item()
        assert change < 0.2 * config.learning_rate / 25, name  # the first step is a twenty-fifth of the peak


@pytest.mark.parametrize("model", ["traditional", "dcgan"])
def test_the_straightforward_loop_learns(model: str, small_split) -> None:
    config = msgspec.structs.replace(default_config(model, "seen", "original"), batch_size=32, epochs=3)
    training = Straightforward(model, config, small_split, 3)
    normal, _ = next(training.batches)

    @torch.no_grad()
    def error() -> float:
        return (training.gan.generator(normal) - normal).abs().mean().item()

    before = error()
    assert training.run(15) > 0
    assert error() < 0.9 * before
