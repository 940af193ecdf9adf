"""How often something that is no garment is said to be none, and how often a real test garment is.

Run it with `python -m benchmarks.garments [--json]`. The limits come from training images alone (core/judging/novelty.py).
"""

import argparse
import json

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from core.data.fashion_mnist import FASHION_MNIST
from core.judging import novelty

SIZE = FASHION_MNIST.description.side


def strangers(test: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Images by kind, uint8 [N, 28, 28, 1] each; those that end in "garments" are test images, changed."""
    random = np.random.default_rng(seed)
    some = test[random.choice(len(test), 500, replace=False)]

    def each(count: int, draw) -> np.ndarray:
        return np.stack([np.asarray(draw()) for _ in range(count)]).astype(np.uint8)

    def noise() -> Image.Image:
        return Image.fromarray(random.integers(0, 256, (SIZE, SIZE), np.uint8))

    def strokes() -> Image.Image:
        canvas = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(canvas).line([tuple(at) for at in random.integers(0, SIZE, (4, 2)).tolist()], 220, 3)
        return canvas

    kinds = {
        "blank": np.stack([np.full((SIZE, SIZE), level, np.uint8) for level in (0, 60, 127, 255)]),
        "uniform noise": each(200, noise),
        "normal noise": random.normal(128, 60, (200, SIZE, SIZE)).clip(0, 255).astype(np.uint8),
        "sparse noise": ((random.random((200, SIZE, SIZE)) < 0.1) * 255).astype(np.uint8),
        "blurred noise": each(200, lambda: noise().filter(ImageFilter.GaussianBlur(2))),
        "handwritten digits": handwritten(),
        "printed digits": printed(),
        "random strokes": each(200, strokes),
    }
    return {kind: images[..., None] for kind, images in kinds.items()} | {
        "inverted garments": 255 - some,
        "garments shifted by 4": np.roll(some, 4, 2),
        "garments shifted by 8": np.roll(some, 8, 2),
        "test garments": test,
    }


def handwritten() -> np.ndarray:
    """scikit-learn's 1,797 digits of 8×8 (Alpaydin and Kaynak 1998), enlarged to 20×20 on 28×28 as MNIST has them."""
    from sklearn.datasets import load_digits

    images = np.zeros((1797, SIZE, SIZE), np.uint8)
    for image, digit in zip(images, load_digits().images, strict=True):
        small = Image.fromarray((digit * 255 / 16).astype(np.uint8))
        image[4:24, 4:24] = np.asarray(small.resize((20, 20), Image.Resampling.BICUBIC))
    return images


def printed() -> np.ndarray:
    """The ten digits in Pillow's own font, in three sizes."""
    images = []
    for size in (22, 26, 30):
        for digit in range(10):
            canvas = Image.new("L", (SIZE, SIZE))
            font = ImageFont.load_default(size)
            ImageDraw.Draw(canvas).text((SIZE / 2, SIZE / 2), str(digit), 255, font, anchor="mm")
            images.append(np.asarray(canvas))
    return np.stack(images)


def measure() -> dict[str, float]:
    """The share of each kind that is said to be no garment."""
    known = novelty.fit(FASHION_MNIST.load("train"))
    kinds = strangers(FASHION_MNIST.load("test").images)
    return {kind: float((known.farness(images) > 1).mean()) for kind, images in kinds.items()}


def main() -> int:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.garments", description=__doc__.split("\n\n")[0])
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    options = parser.parse_args()
    shares = measure()
    if options.json:
        print(json.dumps(shares, indent=1))
    else:
        for kind, share in shares.items():
            print(f"{kind:24} {100 * share:6.1f} % said to be no garment")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
