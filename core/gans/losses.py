"""The losses as small pure functions, named as in the papers.

Images are float tensors [N, C, H, W] on the scale [-1, 1]. x are normal images, a are anomalies, G = decoder ∘ encoder
is the generator, E its encoder. "Kim" is Kim, Jeong, Choi, Seo, GAN-based Anomaly Detection in Imbalance Problems, ECCV
2020 workshops, doi 10.1007/978-3-030-65414-6_11.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from core.gans.defects import VISIBLE

DAMAGE_COUNTS = 5.0  # a damaged pixel counts so many times in the loss of a repair
UNLIKE = 0.5  # on [-1, 1]; so much a damaged pixel should differ from its reconstruction
ABC_FLOOR = 1e-6  # smallest reconstruction error in use: −log(1 − exp(−err)) is infinite at 0


def l1(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Return mean |x − G(x)| (Kim). Scalar."""
    return F.l1_loss(reconstructions, images)


def patch_l1(images: Tensor, reconstructions: Tensor, patch: int = 16, stride: int = 8, worst: int = 3) -> Tensor:
    """Return the mean of the `worst` largest patch means of |x − G(x)|, averaged over the batch (Kim). Scalar.

    On 32×32 with patch 16 and stride 8 there are nine patches.
    """
    return worst_patches(images, reconstructions, patch, stride, worst).mean()


def worst_patches(images: Tensor, reconstructions: Tensor, patch: int, stride: int, worst: int) -> Tensor:
    """Return the `worst` largest patch means of |x − G(x)| of each image, [N, worst]."""
    means = F.avg_pool2d((images - reconstructions).abs(), patch, stride).flatten(1)  # [N, patches]
    return means.topk(worst, dim=1).values


def on_damage(errors: Tensor, damaged: Tensor, whole: Tensor) -> Tensor:
    """Return the mean of `errors` [N, C, H, W] in which a damaged pixel counts five times. Scalar.

    A pixel is damaged where the `damaged` images differ visibly from the `whole` ones (core/gans/defects.py). Without
    the factor the loss hardly notices a defect of a few pixels.
    """
    return (errors * (1.0 + (DAMAGE_COUNTS - 1.0) * _damaged(damaged, whole))).mean()


def _damaged(damaged: Tensor, whole: Tensor) -> Tensor:
    """Mark the visibly damaged pixels of [N, C, H, W] with 1, the others with 0: float [N, 1, H, W]."""
    visible = VISIBLE / 127.5 + 1e-4  # of the rounding from levels to [-1, 1]
    return ((damaged - whole).abs().amax(1, keepdim=True) > visible).float()


def unlike(damaged: Tensor, whole: Tensor, mended: Tensor) -> Tensor:
    """Return by how much damaged pixels are reconstructed too much like themselves, the mean over all pixels. Scalar.

    What is repaired differs from the damage only as much as the damage from the whole image: nothing for a blur, little
    for a pale spot. This loss asks for a difference of at least 0.5, so that a faint defect shows as well. A pixel between
    damaged ones counts with them.
    """
    region = F.max_pool2d(_damaged(damaged, whole), 3, 1, 1)
    short = (UNLIKE - (damaged - mended).abs().mean(1, keepdim=True)).clamp_min(0.0)
    return DAMAGE_COUNTS * (region * short).mean()


def latent(encoded: Tensor, encoded_again: Tensor) -> Tensor:
    """Return mean |E(x) − E(G(x))|, one encoder for both (Kim, after Akcay et al., GANomaly, 2018). Scalar."""
    return F.l1_loss(encoded_again, encoded)


def abc(
    anomalies: Tensor, reconstructions: Tensor, scale: float = 1.0, patches: tuple[int, int, int] | None = None
) -> Tensor:
    """Return the loss of an Autoencoding Binary Classifier: −log(1 − exp(−scale · err)), err = mean |a − G(a)|. Scalar.

    It is small when an anomaly is reconstructed badly. Scale 1 is Kim's, after Yamanaka et al. 2019, whose err is a
    norm over the whole image. A norm is far larger than a mean, so an anomaly is soon bad enough; a larger scale
    restores that. The pull on an anomaly, scale / (exp(scale · err) − 1), is 1 / err near 0 for every scale, and fades
    sooner for a larger one. expm1 keeps the precision that 1 − exp(−err) loses near 0.

    `patches`, the (patch, stride, worst) of `patch_l1`, makes err the mean of an anomaly's worst patches alone: a small
    defect need not spoil the whole image.
    """
    if patches:
        error = worst_patches(anomalies, reconstructions, *patches).mean(1).clamp_min(ABC_FLOOR)
    else:
        error = (anomalies - reconstructions).abs().flatten(1).mean(1).clamp_min(ABC_FLOOR)
    return -torch.log(-torch.expm1(-scale * error)).mean()


def mse(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Return mean (x − G(x))². Scalar."""
    return F.mse_loss(reconstructions, images)


def adversarial(decisions: Tensor, target: float) -> Tensor:
    """Return mean (D(·) − target)² over every patch decision: least-squares GAN (Mao et al. 2017; Kim). Scalar."""
    return (decisions - target).square().mean()
