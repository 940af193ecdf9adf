"""The methods that the GANs are compared with in the sweep: three one-class methods on raw pixels (core/store/baselines.py),
a fusion (core/study/fusion.py), and a small supervised CNN, which is given the labels.

Each takes a task's Split and test images uint8 [N, H, W, C] and returns test scores float [N], higher = more anomalous.
"""

from collections.abc import Callable

import numpy as np

from core.data.tasks import Split
from core.gans.config import TrainingConfig
from core.store.baselines import PIXEL_METHODS, Method
from core.study.fusion import fusion


def _one_class(method: Method) -> Callable[[Split, np.ndarray, int], np.ndarray]:
    return lambda split, test, seed: method(split.train_normal, test, seed)


def supervised_cnn(split: Split, test: np.ndarray, seed: int) -> np.ndarray:
    """Train a small CNN to tell normal from anomaly; return its logit of "anomaly".

    It gets exactly the images and the augmentation of a GAN in the seen or unseen regime. It is not an anomaly detector,
    but what a detector with labels is measured by.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    from core.gans.build import to_input
    from core.gans.training import Batches

    config = TrainingConfig(epochs=20)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for inputs, outputs in ((split.data.channels, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
        network = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(128 * (split.data.side // 8) ** 2, 1))
        network = network.to(memory_format=torch.channels_last)
        batches = Batches(split, config, split.data.side, seed, torch.device("cpu"))
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=config.epochs * batches.steps)
        network.train()
        for _ in range(config.epochs):
            for batch in batches.epoch():
                normal, anomaly = batch.normal.images, batch.anomaly.images
                logits = network(torch.cat([normal, anomaly]))[:, 0]
                truth = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomaly))])
                optimizer.zero_grad()
                F.binary_cross_entropy_with_logits(logits, truth).backward()
                optimizer.step()
                schedule.step()
    network.eval()
    with torch.inference_mode():
        chunks = [to_input(torch.from_numpy(test[i : i + 500]), split.data.side) for i in range(0, len(test), 500)]
        return torch.cat([network(chunk)[:, 0] for chunk in chunks]).numpy()


# Name → (method, regimes it belongs to).
BASELINES: dict[str, tuple[Callable[[Split, np.ndarray, int], np.ndarray], tuple[str, ...]]] = {
    **{name: (_one_class(method), ("one-class",)) for name, method in PIXEL_METHODS.items()},
    "fusion": (fusion, ("one-class",)),
    "supervised CNN": (supervised_cnn, ("seen", "unseen")),
}
