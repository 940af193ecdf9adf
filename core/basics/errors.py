"""The exceptions whose text a page or the command line shows to the user unchanged."""


class MisfitError(Exception):
    """An error that the user can put right; its text is one clear line: what was wrong and what would be right."""


class DataError(MisfitError):
    """A data set is missing, incomplete or invalid."""


class CheckpointError(MisfitError):
    """A trained model on disk is missing, damaged or does not fit its card."""


class ConfigError(MisfitError):
    """A setting is unknown, of the wrong type or out of range."""


class PictureError(MisfitError):
    """A picture cannot be read, or it shows nothing to score."""


class TrainingDiverged(MisfitError):
    """A loss became infinite or not a number; the generator keeps its last finite averaged weights."""
