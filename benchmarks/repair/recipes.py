"""What a trial trains: the recipes that docs/repair-trials.md recommends, and how the command line changes them."""

from dataclasses import dataclass
from typing import Any

import msgspec

from core.basics.errors import ConfigError
from core.basics.text import as_line
from core.gans.config import CONFIGS, TrainingConfig, default_config


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many images of each kind a step has, and what each loss weighs; a weight of 0 switches a loss off.

    normals       undamaged normals, which are to stay as they are: `own`, and by their worst patches `patch`
    damaged       damaged normals, to be mended: `repair`; a damaged pixel counts `heavy` times
    anomalies     labelled anomalies, or distorted normals where none is labelled: `lead` towards their target, `abc` away
                  from themselves, `negative` towards their negative
    judged        the normal discriminator on a share of each kind of reconstruction, `judged_share`
    versus        how much the discriminator learns that anomalies are not normal
    """

    normals: int = 64
    damaged: int = 64
    anomalies: int = 64
    own: float = 1.0
    patch: float = 1.0
    repair: float = 1.0
    heavy: float = 5.0
    lead: float = 1.0
    abc: float = 2.0
    negative: float = 0.0
    judged: float = 0.2
    judged_share: float = 0.5
    versus: float = 1.0


@dataclass(frozen=True)
class Trial:
    """A recipe for a model in a regime. `name` is as it was given; `shipped`: the checkpoint in the box, not trained anew."""

    name: str
    model: str
    regime: str
    config: TrainingConfig
    recipe: Recipe
    shipped: bool = False


OF_CONFIG = ("epochs", "learning_rate", "widths", "hidden", "z")  # settings of a model's config that a trial may change
_WIDE = {"widths": (16, 32, 64, 64)}
_DCGAN = Recipe(normals=16, anomalies=32, repair=2.0)
_TRADITIONAL = Recipe(patch=0.0, abc=0.0, negative=0.5, judged=0.1, judged_share=0.34)
# By model and regime: the recipe, and how the training config differs from the default one.
BEST: dict[tuple[str, str], tuple[Recipe, dict[str, Any]]] = {
    ("dcgan", "seen"): (_DCGAN, {"epochs": 20} | _WIDE),
    ("traditional", "seen"): (msgspec.structs.replace(_TRADITIONAL, normals=32), {"epochs": 36}),
    ("dcgan", "one-class"): (msgspec.structs.replace(_DCGAN, anomalies=48, abc=1.0), {"epochs": 12} | _WIDE),
    ("traditional", "one-class"): (_TRADITIONAL, {"epochs": 10}),
}
REGIMES = ("seen", "one-class")
NAMES = tuple(f"{start}-{model}" for start in ("best", "box") for model in CONFIGS)


def parse(text: str, regime: str) -> Trial:
    """Read `NAME:setting=value,…`, a setting being one of Recipe or of OF_CONFIG; widths are joined by hyphens.

    Raises ConfigError for an unknown name, an unknown setting, or a value that does not fit.
    """
    name, _, changes = text.partition(":")
    if name not in NAMES:
        raise ConfigError(f"Unknown recipe {name!r:.80}; the recipes are: {', '.join(NAMES)}.")
    start, model = name.split("-")
    if start == "box" and changes:
        raise ConfigError(f"{name} is the model in the box: it takes no settings.")
    recipe, differing = BEST[model, regime]
    config = msgspec.structs.replace(default_config(model, regime), **differing)
    ours = msgspec.to_builtins(recipe)
    theirs = {name: getattr(config, name) for name in OF_CONFIG if hasattr(config, name)}
    for change in changes.split(",") if changes else ():
        setting, _, value = change.partition("=")
        if setting not in ours | theirs:
            raise ConfigError(f"Unknown setting {setting!r:.80}; the settings are: {', '.join(ours | theirs)}.")
        settings = ours if setting in ours else theirs
        settings[setting] = value.split("-") if isinstance(settings[setting], tuple) else value
    try:
        recipe = msgspec.convert(ours, Recipe, strict=False)
        config = msgspec.convert(msgspec.to_builtins(config) | theirs, type(config), strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"The settings of {text!r:.80} do not fit: {as_line(error)}.") from error
    return Trial(text, model, regime, config, recipe, shipped=start == "box")
