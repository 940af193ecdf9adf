"""The terms for what is inside the models, and what a term is. pages/parts/vocabulary.py has all terms."""

from dataclasses import dataclass

from core.basics.names import MODEL_NAMES


@dataclass(frozen=True)
class Term:
    """`name` as pages write it; `also` are names used elsewhere, so that a search for them succeeds."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()


INSIDE: tuple[Term, ...] = (
    Term(
        "GAN",
        "Generative adversarial network: a generator draws, a discriminator judges, and each learns from the other.",
    ),
    Term(
        MODEL_NAMES["traditional"],
        "The baseline here: fully connected networks and one kind of loss, the mean squared error.",
        ("vanilla GAN",),
    ),
    Term(
        MODEL_NAMES["dcgan"],
        "The stronger one here, after Kim et al. 2020: convolutions, skip connections, the paper's losses and two that teach repair.",
        ("deep convolutional GAN", "Kim"),
    ),
    Term(
        "Generator",
        "The network that reconstructs: an encoder, the latent vector, a decoder.",
        ("autoencoder", "G"),
    ),
    Term(
        "Encoder and decoder",
        "The encoder squeezes an image into the latent vector; the decoder draws it again from there.",
        ("E",),
    ),
    Term(
        "Latent vector",
        "The few numbers in the middle that must hold the whole image.",
        ("z", "bottleneck", "code"),
    ),
    Term("Skip connection", "A shortcut that hands details from the encoder straight to the decoder.", ("U-Net",)),
    Term(
        "Discriminator",
        "The network that tells real normal images from reconstructions. The paper's own objective has a second one, for anomalies.",
        ("critic", "D"),
    ),
    Term("Epoch", "One pass over all normal training images."),
    Term("Loss", "The number that training makes small; a sum of several, each with a weight."),
    Term(
        "MSE",
        "Mean squared error between a reconstruction and what it should be. On anomalies the traditional GAN also makes it small "
        "against the image's own negative (negative MSE), so that they come back changed.",
        ("mean squared error",),
    ),
    Term("L1 loss", "Mean absolute error between a normal image and its reconstruction.", ("mean absolute error",)),
    Term("Patch L1 loss", "The same, over the three worst of nine overlapping patches: the worst spots count most."),
    Term(
        "Repair and as-normal losses",
        "The error of a reconstruction against what it should be: the undamaged image, or for an anomaly the most similar normal ones.",
    ),
    Term("Latent vector loss", "How far the latent vectors of an image and of its reconstruction lie apart."),
    Term(
        "ABC loss",
        "Autoencoding binary classifier (Yamanaka et al. 2019): small when an anomaly comes back changed.",
        ("Yamanaka",),
    ),
    Term(
        "Adversarial loss",
        "How well the discriminator tells real normal images from reconstructions. The generator tries to fool it, so that what it draws looks "
        "normal.",
        ("least-squares GAN",),
    ),
    Term(
        "Supervised CNN",
        "An ordinary classifier that is given every label of training: what a seen figure has to be held against.",
        ("convolutional neural network",),
    ),
    Term("Isolation forest", "A classic one-class method on raw pixels, to hold the GANs against.", ("baseline",)),
    Term(
        "PCA residual",
        "What the main directions of variation of normal images leave unexplained; a simple method on pixels.",
        ("principal components",),
    ),
    Term(
        "kNN on pixels",
        "The distance to the five nearest normal training images; a simple method.",
        ("nearest neighbours",),
    ),
    Term(
        "Pretrained",
        "A network that has learnt from millions of other pictures. Its figure cannot be set against one that learns from yours alone.",
        ("ImageNet", "ResNet", "PatchCore"),
    ),
    Term(
        "Checkpoint",
        "A trained model on disk: weights, stored scores, and a card that says how it came about.",
        ("trained model",),
    ),
)
