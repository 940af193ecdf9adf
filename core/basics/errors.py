"""The one exception family that a page or the command line shows to a person as it stands."""


class MisfitError(Exception):
    """Something a user can put right; its text is one clear line that names what was wrong and what would be right."""


class DataError(MisfitError):
    """A data set is missing, incomplete or not what it should be."""


class CheckpointError(MisfitError):
    """A trained model on disk is missing, damaged or does not fit its card."""


class ConfigError(MisfitError):
    """A setting is unknown, of the wrong type or out of range."""


class PictureError(MisfitError):
    """A picture cannot be read, or there is nothing in it to score."""


class TrainingDiverged(MisfitError):
    """A loss became infinite or not a number; the generator keeps its last finite averaged weights."""
