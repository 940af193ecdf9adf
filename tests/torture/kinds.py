"""What is tried, by name; see `watch.Kind`. Imported only in the process that tries it."""

from tests.torture.archives import Archives
from tests.torture.idx import IdxFiles, IdxFolders
from tests.torture.models import Checkpoints
from tests.torture.photos import Kept, Photos
from tests.torture.pictures import Pictures
from tests.torture.records import Records

KINDS = {
    "pictures": Pictures,
    "checkpoints": Checkpoints,
    "archives": Archives,
    "idx": IdxFiles,
    "folders": IdxFolders,
    "records": Records,
    "photos": Photos,
    "kept": Kept,
}
