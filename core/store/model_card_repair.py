"""What a model card says of repair, score and heat map."""

from core.store.checkpoints import Checkpoint

SCORE = (
    "The score is (1 − share) × the mean residual + share × the largest value of the heat map, from 0 to 2; it is no probability. The residual is "
    "the absolute difference between an image and its reconstruction; the heat map is the residual smoothed over neighbouring pixels, and "
    "counts less beside edges of the reconstruction. The share is chosen on validation images (table below); at 0 the score is the mean alone. "
)
MARK = "A pixel is marked as odd from the heat on that one normal validation image in twenty reaches somewhere (*mark*, table below). "
UNSEEN = (
    "The heat map shows where an image and its reconstruction differ, not why. It hardly sees defects of few pixels or of low contrast, nor what "
    "also occurs among normal images; on prints and edges it may be warm without a defect. How often it points at a defect is measured for the sweep "
    "(RESULTS.md, Defects), not on this card."
)


def taught(checkpoint: Checkpoint) -> str:
    """Say whether the model was taught to repair images and to redraw anomalies as normal ones."""
    config = checkpoint.config
    if not config.repair and not config.as_normal:
        return f"Not taught to repair ({checkpoint.task.regime})."
    damaged = config.batch_size - config.undamaged
    parts = [
        f"{damaged} of the {config.batch_size} normal images of a step have a synthetic defect, and the target is the undamaged image"
    ] * bool(config.repair)
    if config.as_normal:
        distorted = "distorted normal image is the undistorted one"
        labelled = "labelled anomaly is the mean of the five typical normal training images most like it"
        parts.append(f"the target of a {labelled if checkpoint.task.labelled else distorted}")
    return f"Taught to repair ({checkpoint.task.regime}): {'; '.join(parts)}."
