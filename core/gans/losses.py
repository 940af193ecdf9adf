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
ABC_FLOOR = 1e-6  # smallest reconstruction error in use: −log(1 − exp(−err)) is infinite at 0


def l1(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Return mean |x − G(x)| (Kim). Scalar."""
    return F.l1_loss(reconstructions, images)


def patch_l1(images: Tensor, reconstructions: Tensor, patch: int = 16, stride: int = 8, worst: int = 3) -> Tensor:
    """Return the mean of the `worst` largest patch means of |x − G(x)|, averaged over the batch (Kim). Scalar.

    On 32×32 with patch 16 and stride 8 there are nine patches.
    """
    means = F.avg_pool2d((images - reconstructions).abs(), patch, stride).flatten(1)  # [N, patches]
    return means.topk(worst, dim=1).values.mean()


def on_damage(errors: Tensor, damaged: Tensor, whole: Tensor) -> Tensor:
    """Return the mean of `errors` [N, C, H, W] in which a damaged pixel counts five times. Scalar.

    A pixel is damaged where the `damaged` images differ visibly from the `whole` ones (core/gans/defects.py). Without
    the factor the loss hardly notices a defect of a few pixels.
    """
    visible = VISIBLE / 127.5 + 1e-4  # of the rounding from levels to [-1, 1]
    mask = ((damaged - whole).abs().amax(1, keepdim=True) > visible).float()
    return (errors * (1.0 + (DAMAGE_COUNTS - 1.0) * mask)).mean()


def latent(encoded: Tensor, encoded_again: Tensor) -> Tensor:
    """Return mean |E(x) − E(G(x))|, one encoder for both (Kim, after Akcay et al., GANomaly, 2018). Scalar."""
    return F.l1_loss(encoded_again, encoded)


def abc(anomalies: Tensor, reconstructions: Tensor, scale: float = 1.0) -> Tensor:
    """Return the loss of an Autoencoding Binary Classifier: −log(1 − exp(−scale · err)), err = mean |a − G(a)|. Scalar.

    It is small when an anomaly is reconstructed badly. Scale 1 is Kim's, after Yamanaka et al. 2019, whose err is a
    norm over the whole image. A norm is far larger than a mean, so an anomaly is soon bad enough; a larger scale
    restores that. The pull on an anomaly, scale / (exp(scale · err) − 1), is 1 / err near 0 for every scale, and fades
    sooner for a larger one. expm1 keeps the precision that 1 − exp(−err) loses near 0.
    """
    error = (anomalies - reconstructions).abs().flatten(1).mean(1).clamp_min(ABC_FLOOR)
    return -torch.log(-torch.expm1(-scale * error)).mean()


def mse(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Return mean (x − G(x))². Scalar."""
    return F.mse_loss(reconstructions, images)


def adversarial(decisions: Tensor, target: float) -> Tensor:
    """Return mean (D(·) − target)² over every patch decision: least-squares GAN (Mao et al. 2017; Kim). Scalar."""
    return (decisions - target).square().mean()
