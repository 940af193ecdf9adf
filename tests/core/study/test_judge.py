"""The judge is trained once, whoever asks first, and tells the classes apart."""

import os
import subprocess
import sys

import numpy as np

from core.basics.files import ROOT
from core.study import judge

ASK = """
import time
from core.study import judge
def quick(images):
    print("trains", flush=True)
    time.sleep(2)  # longer than the other process takes to ask
    return judge.Judge()
judge.train = quick
print(float(judge.trained().accuracy))
"""


def test_two_processes_train_one_judge(tmp_path):
    environment = os.environ | {"MISFIT_RUNS": str(tmp_path / "runs")}
    both = [
        subprocess.Popen([sys.executable, "-c", ASK], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=300)[0].splitlines() for process in both]
    assert sorted(map(len, said)) == [1, 2]  # one of them trained, the other waited
    assert said[0][-1] == said[1][-1]
    assert len(list((tmp_path / "runs" / ".judge").iterdir())) == 1


def test_it_names_the_class_of_images_that_it_has_not_seen(test_split):
    images = test_split.images[:1000].astype(np.float32) / 127.5 - 1
    called = judge.trained().called(images)
    assert (called == test_split.labels[:1000]).mean() > 0.8
