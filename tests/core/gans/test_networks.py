import numpy as np
import pytest
import torch
from torch import nn

from core.basics.errors import ConfigError
from core.data.fashion_mnist import FASHION_MNIST
from core.gans import losses
from core.gans.build import MODELS, Pass, build, from_output, to_input
from core.gans.config import CONFIGS, DCGANConfig, TraditionalConfig, config_class
from core.gans.dcgan import PatchDiscriminator, UNetGenerator
from core.gans.recipes import default_config

MODEL = pytest.mark.parametrize("model", CONFIGS)
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def fresh(model: str, **changes: object):
    torch.manual_seed(3)
    return build(model, config_class(model)(**changes), FASHION_MNIST.description)


def batch(test_split, count: int, side: int, start: int = 0) -> torch.Tensor:
    return to_input(torch.tensor(test_split.images[start : start + count]), side)


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def of(module: nn.Module, kinds) -> list:
    return [part for part in module.modules() if isinstance(part, kinds)]


def test_bytes_become_minus_one_to_one_and_the_margin_is_background(test_split) -> None:
    images = torch.tensor(test_split.images[:5])
    found = to_input(images, 32)
    assert (found.shape, found.dtype) == ((5, 1, 32, 32), torch.float32)
    assert torch.equal(found[:, 0, 2:30, 2:30], images[:, :, :, 0].float() / 127.5 - 1.0)
    found[:, :, 2:30, 2:30] = -1.0
    assert (found == -1.0).all()
    ends = to_input(torch.tensor([0, 255], dtype=torch.uint8).expand(28, 28, 2).permute(2, 0, 1)[..., None], 28)
    assert ends[:, 0, 0, 0].tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("side", [28, 32])
def test_the_way_back_cuts_the_margin_off_again(side: int, test_split) -> None:
    images = torch.tensor(test_split.images[:5])
    assert torch.equal(from_output(to_input(images, side), 28), images.float() / 127.5 - 1.0)


def test_the_u_net_of_the_original_objective_has_the_papers_number_of_parameters() -> None:
    original = build("dcgan", default_config("dcgan", "seen", "original"), FASHION_MNIST.description)
    assert parameters(original.generator) == 96_976


def test_the_u_net_is_built_as_documented() -> None:
    generator = fresh("dcgan").generator
    down, up = of(generator, nn.Conv2d), of(generator, nn.ConvTranspose2d)
    assert [(c.in_channels, c.out_channels) for c in down] == [(1, 16), (16, 32), (32, 64), (64, 64)]
    # Doubled inputs: each skip is concatenated.
    assert [(c.in_channels, c.out_channels) for c in up] == [(64, 64), (128, 32), (64, 16), (32, 1)]
    for convolution in down + up:
        assert (convolution.kernel_size, convolution.stride) == ((4, 4), (2, 2))
        assert convolution.bias is None
    assert [norm.num_features for norm in of(generator, nn.BatchNorm2d)] == [32, 64, 64, 64, 32, 16]
    assert not of(generator.down[0], nn.BatchNorm2d)
    assert not of(generator.up[3], nn.BatchNorm2d)


def test_the_u_net_turns_images_into_a_code_and_reconstructions_of_their_size(test_split) -> None:
    generator = fresh("dcgan").generator.eval()
    images = batch(test_split, 3, 32)
    z, reconstructions = generator.through(images)
    assert z.shape == (3, 64, 2, 2)
    assert reconstructions.shape == (3, 1, 32, 32)
    assert torch.equal(generator.encode(images), z)
    assert torch.equal(generator(images), reconstructions)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_every_skip_connection_reaches_the_output(layer: int, test_split) -> None:
    generator = fresh("dcgan").generator.eval()
    images = batch(test_split, 2, 32)
    before = generator(images)
    # The second half of a layer's input channels is the skip.
    weight = generator.up[layer + 1][0].weight
    with torch.no_grad():
        weight[len(weight) // 2 :] = 0.0
    assert not torch.allclose(generator(images), before, atol=1e-7)


def test_the_patch_discriminator_decides_on_a_map_of_four_by_four(test_split) -> None:
    discriminator = fresh("dcgan").normal_discriminator
    assert discriminator(batch(test_split, 3, 32)).shape == (3, 1, 4, 4)
    found = [(c.kernel_size, c.stride) for c in of(discriminator, nn.Conv2d)]
    assert found == [((4, 4), (2, 2))] * 3 + [((4, 4), (1, 1))] * 2


def test_the_two_discriminators_are_alike_and_share_nothing() -> None:
    for model in MODELS:
        gan = fresh(model)
        normal, anomaly = gan.normal_discriminator.state_dict(), gan.anomaly_discriminator.state_dict()
        assert {name: tensor.shape for name, tensor in normal.items()} == {n: t.shape for n, t in anomaly.items()}
        assert not {p.data_ptr() for p in normal.values()} & {p.data_ptr() for p in anomaly.values()}


def test_convolutions_and_batch_norms_are_initialised_as_documented() -> None:
    # A well-known port calls its initialisation on the module without .apply, which does nothing.
    torch.manual_seed(0)
    networks = [UNetGenerator(FASHION_MNIST.description, (8, 16, 32, 64), 3), PatchDiscriminator(1, (16, 32, 64, 64))]
    large = [c for network in networks for c in of(network, CONVOLUTIONS) if c.weight.numel() >= 4000]
    assert len(large) >= 7
    for convolution in large:
        assert convolution.weight.std().item() == pytest.approx(0.02, rel=0.06)
        assert abs(convolution.weight.mean().item()) < 0.002
    # torch's own initialisation is uniform and much wider in the first layers
    everything = torch.cat([c.weight.flatten() for n in networks for c in of(n, CONVOLUTIONS)]).detach()
    assert (everything.abs() < 0.02).float().mean().item() == pytest.approx(0.6827, abs=0.01)
    assert all((c.bias == 0).all() for c in of(networks[1], nn.Conv2d))
    gains = torch.cat([norm.weight for norm in of(networks[0], nn.BatchNorm2d)]).detach()
    assert gains.mean().item() == pytest.approx(1.0, abs=0.01)
    assert gains.std().item() == pytest.approx(0.02, rel=0.25)


def test_the_fully_connected_networks_have_the_configured_widths(test_split) -> None:
    gan = fresh("traditional", hidden=(100, 50), z=7, discriminator_hidden=(40, 20))
    widths = [(layer.in_features, layer.out_features) for layer in of(gan.generator, nn.Linear)]
    assert widths == [(784, 100), (100, 50), (50, 7), (7, 50), (50, 100), (100, 784)]
    assert [layer.out_features for layer in of(gan.normal_discriminator, nn.Linear)] == [40, 20, 1]
    images = batch(test_split, 3, 28)
    z, reconstructions = gan.generator.through(images)
    assert (z.shape, reconstructions.shape) == ((3, 7), (3, 1, 28, 28))
    assert torch.equal(gan.generator.encode(images), z)
    assert gan.normal_discriminator(images).shape == (3, 1)


@MODEL
def test_a_reconstruction_stays_within_the_scale_whatever_the_weights(model: str, test_split) -> None:
    gan = fresh(model)
    with torch.no_grad():
        for parameter in gan.generator.parameters():
            parameter.mul_(50.0)
        found = gan.generator.eval()(batch(test_split, 4, gan.generator.side))
    assert found.min() >= -1.0
    assert found.max() <= 1.0
    assert found.abs().max() > 0.9  # the bound was reached for


@MODEL
def test_a_decision_depends_on_its_own_image_alone(model: str, test_split) -> None:
    gan = fresh(model)
    gan.train()
    images = batch(test_split, 8, gan.generator.side)
    with torch.no_grad():
        together = gan.normal_discriminator(images)
        alone = torch.cat([gan.normal_discriminator(image[None]) for image in images])
        others = gan.normal_discriminator(torch.cat([images[:1], -images[1:]]))
    # the decisions of fresh weights are tiny, so the tolerance is relative to how much they differ
    spread = together.std().item()
    assert torch.allclose(together, alone, rtol=0, atol=1e-4 * spread)
    assert torch.allclose(others[0], together[0], rtol=0, atol=1e-4 * spread)


@MODEL
def test_a_discriminators_one_pass_over_both_kinds_equals_two(model: str, test_split) -> None:
    gan = fresh(model)
    side = gan.generator.side
    real, fake = batch(test_split, 6, side), batch(test_split, 6, side, start=6).flip(-1)
    discriminator = gan.anomaly_discriminator
    with torch.no_grad():
        for parameter in discriminator.parameters():  # so that decisions fall on both sides of one half
            parameter.mul_(3.0)
    loss, accuracy = gan.discriminator_losses(discriminator, real, fake)
    on_real, on_fake = discriminator(real), discriminator(fake)
    expected = losses.adversarial(on_real, 1.0) + losses.adversarial(on_fake, 0.0)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    right = ((on_real > 0.5).double().mean() + (on_fake < 0.5).double().mean()) / 2
    assert accuracy.item() == pytest.approx(right.item(), abs=1e-6)
    assert loss.requires_grad
    assert not accuracy.requires_grad


@MODEL
def test_images_of_another_kind_are_to_be_told_from_real_ones_too(model: str, test_split) -> None:
    gan = fresh(model)
    discriminator = gan.normal_discriminator
    real, fake, others = (batch(test_split, 3, gan.generator.side, start) for start in (0, 3, 6))
    without, accuracy = gan.discriminator_losses(discriminator, real, fake)
    for given in (None, others[:0]):
        assert gan.discriminator_losses(discriminator, real, fake, given)[0].item() == pytest.approx(without.item())
    loss, with_others = gan.discriminator_losses(discriminator, real, fake, others)
    expected = without + losses.adversarial(discriminator(others), 0.0)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert with_others == accuracy  # which stays a figure of real images and reconstructions


def passes(gan, test_split) -> tuple[Pass, Pass, Pass]:
    """Four normals, five damaged ones and three anomalies; the halves of the last two are no whole numbers."""
    side = gan.generator.side
    images, whole, anomaly, aims = (
        batch(test_split, count, side, start) for count, start in ((4, 0), (5, 4), (3, 9), (3, 12))
    )
    damaged = whole.clone()
    damaged[:, :, 10:14, 10:14] = 0.9
    kinds = ((images, images), (damaged, whole), (anomaly, aims))
    return tuple(Pass(x, aim, *gan.generator.through(x)) for x, aim in kinds)  # type: ignore[return-value]


@MODEL
def test_the_normal_discriminator_judges_half_of_every_kind_or_the_undamaged_normals(model: str, test_split) -> None:
    normal, damaged, anomaly = kinds = passes(fresh(model), test_split)
    halves = [normal.reconstructions[:2], damaged.reconstructions[:3], anomaly.reconstructions[:2]]
    assert torch.equal(fresh(model, judge_all=True).judged(*kinds), torch.cat(halves))
    assert torch.equal(fresh(model, judge_all=False).judged(*kinds), normal.reconstructions)
    nothing = Pass(*(part[:0] for part in anomaly))
    assert torch.equal(fresh(model, judge_all=True).judged(normal, nothing, nothing), halves[0])


def test_the_dcgans_losses_are_each_on_their_own_kind(test_split) -> None:
    gan = fresh("dcgan", patch=8, patch_stride=4, patch_worst=5, adversarial_anomaly=0.1, unlike=1.0).eval()
    normal, damaged, anomaly = kinds = passes(gan, test_split)
    found = gan.generator_losses(*kinds)
    assert tuple(found) == DCGANConfig().loss_names
    error = (damaged.targets - damaged.reconstructions).abs()
    expected = {
        "l1": losses.l1(normal.images, normal.reconstructions),
        "patch_l1": losses.patch_l1(normal.images, normal.reconstructions, 8, 4, 5),
        "latent": losses.latent(gan.generator.encode(normal.images), gan.generator.encode(normal.reconstructions)),
        "adversarial_normal": losses.adversarial(gan.normal_discriminator(gan.judged(*kinds)), 1.0),
        "repair": losses.on_damage(error, damaged.images, damaged.targets),
        "unlike": losses.unlike(damaged.images, damaged.targets, damaged.reconstructions),
        "as_normal": losses.l1(anomaly.targets, anomaly.reconstructions),
        "abc": losses.abc(anomaly.images, anomaly.reconstructions, gan.config.abc_scale),
        "adversarial_anomaly": losses.adversarial(gan.anomaly_discriminator(anomaly.reconstructions), 0.0),
    }
    assert {n: v.item() for n, v in found.items()} == pytest.approx({n: v.item() for n, v in expected.items()})


def test_the_traditional_gan_is_rewarded_for_the_error_on_anomalies(test_split) -> None:
    gan = fresh("traditional", anomaly_mse=0.5, adversarial_anomaly=0.1, unlike=1.0)
    normal, damaged, anomaly = kinds = passes(gan, test_split)
    found = gan.generator_losses(*kinds)
    assert tuple(found) == TraditionalConfig().loss_names
    error = (damaged.targets - damaged.reconstructions).square()
    expected = {
        "mse": losses.mse(normal.images, normal.reconstructions),
        "adversarial_normal": losses.adversarial(gan.normal_discriminator(gan.judged(*kinds)), 1.0),
        "repair": losses.on_damage(error, damaged.images, damaged.targets),
        "unlike": losses.unlike(damaged.images, damaged.targets, damaged.reconstructions),
        "as_normal": losses.mse(anomaly.targets, anomaly.reconstructions),
        "negative_mse": losses.mse(-anomaly.images, anomaly.reconstructions),
        "anomaly_mse": -losses.mse(anomaly.images, anomaly.reconstructions),
        "adversarial_anomaly": losses.adversarial(gan.anomaly_discriminator(anomaly.reconstructions), 0.0),
    }
    assert {n: v.item() for n, v in found.items()} == pytest.approx({n: v.item() for n, v in expected.items()})
    assert found["anomaly_mse"] < 0
    assert found["anomaly_mse"] >= -4.0  # tanh bounds the reward


@MODEL
def test_without_anomalies_there_is_no_loss_on_anomalies(model: str, test_split) -> None:
    gan = fresh(model, adversarial_anomaly=0.1)
    normal, damaged, anomaly = passes(gan, test_split)
    none = Pass(*(part[:0] for part in anomaly))
    every = set(gan.generator_losses(normal, damaged, anomaly))
    on_anomalies = {"as_normal", "adversarial_anomaly", {"dcgan": "abc", "traditional": "negative_mse"}[model]}
    for found, missing in (
        (gan.generator_losses(normal, damaged, none), on_anomalies),
        (gan.generator_losses(normal, none, anomaly), {"repair"}),
        (gan.generator_losses(normal, none, none), on_anomalies | {"repair"}),
    ):
        assert every - set(found) == missing
        assert all(np.isfinite(value.item()) for value in found.values())


@pytest.mark.parametrize("regime", ["seen", "one-class"])
@MODEL
def test_the_original_objective_has_no_loss_of_repair(model: str, regime: str, test_split) -> None:
    config = default_config(model, regime, "original")
    gan = build(model, config, FASHION_MNIST.description)
    normal, damaged, anomaly = passes(gan, test_split)
    found = gan.generator_losses(normal, damaged, anomaly)
    assert set(found) == {name for name in config.loss_names if getattr(config, name)}
    assert not {"repair", "as_normal"} & set(found)
    judged = losses.adversarial(gan.normal_discriminator(normal.reconstructions), 1.0)
    assert found["adversarial_normal"].item() == pytest.approx(judged.item(), rel=1e-6)


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ConfigError, match="vae"):
        build("vae", DCGANConfig(), FASHION_MNIST.description)
