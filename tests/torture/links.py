"""Link parameters: what each field makes of hostile text, and what whole pages do with hostile links."""

import math
import random
import time
from collections.abc import Iterator

from core.basics.files import ROOT
from pages.parts import fields
from tests.torture.mutations import HOSTILE
from tests.torture.watch import Ended

PAGES = {"": "overview", "browse": "browse", "roc": "roc", "try": "try_it"}
_TEXTS = [text for text in HOSTILE if isinstance(text, str) and text != "\ud800"] + [
    "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_0", "٣", "²", "9" * 400, "0.1,0.2,0.3", "2,1", ",", ",,,", "%00", "../..",
    "shipped", "set-aside", "a" * 81, "None", "[]", "{}", "true", "' OR 1=1 --", "${7*7}", "{{7*7}}", "\x1b[31m", "a\nb", "on ",
]  # fmt: skip


def hostile(rng: random.Random, sound: str) -> str:
    """A hostile text, or `sound` with an accident."""
    if rng.random() < 0.4:
        return rng.choice(_TEXTS)
    letters = list(sound or "x")
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(letters) + 1)
        letters[at : at + rng.randint(0, 2)] = rng.choice((*"-+.,_%/\\ \0", "9" * 30, "é", "e", "1", *_TEXTS))
    return "".join(letters)


def parameters(seed: int, count: int) -> list[Ended]:
    """Each field's reader, `count` times: it refuses with what would be right, or what it takes comes out again the same."""
    every = [(page, field) for page in PAGES for field in (*fields.everywhere(), *fields.own(page))]
    sound = {
        "model": "dcgan",
        "normal": "bag",
        "trained": "shipped",
        "threshold": "0.4",
        "scores": "0.1,0.5",
        "image": "12",
    }
    ended = []
    for number in range(count):
        rng = random.Random(f"{seed}/links/{number}")
        _, field = every[number % len(every)]
        text = hostile(rng, sound.get(field.key, str(field.default)))
        begun = time.perf_counter()
        try:
            value = field.parse(text)
            how = "taken"
            if field.parse(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)) != value:
                how = f"{field.key}={text!r} comes out as something else"
            numbers = value if isinstance(value, tuple) else (value,)
            if any(isinstance(n, float) and not math.isfinite(n) for n in numbers):
                how = f"{field.key}={text!r} is no number"
        except ValueError as error:
            how = "refused" if str(error) else f"{field.key}={text!r}: no word of what would be right"
        except Exception as error:
            how = f"{field.key}={text!r}: {type(error).__name__}"
        ended.append(Ended(number, how, time.perf_counter() - begun))
    return ended


def pages(seed: int, count: int) -> Iterator[Ended]:
    """Whole pages through the router, each with a link whose every parameter is hostile."""
    from streamlit.testing.v1 import AppTest

    for number in range(count):
        rng = random.Random(f"{seed}/pages/{number}")
        page = list(PAGES)[number % len(PAGES)]
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120)
        if page:
            app.run()
            app.switch_page(f"pages/{PAGES[page]}/page.py")
        for field in (*fields.everywhere(), *fields.own(page)):
            if rng.random() < 0.6:
                app.query_params[field.key] = hostile(rng, str(field.default))
        app.query_params[rng.choice(_TEXTS[:4] or ["x"])[:50] or "x"] = "x"
        begun = time.perf_counter()
        app.run()
        how = "refused" if app.warning else "taken"
        if app.exception:
            how = f"{PAGES[page]} {dict(app.query_params)}: {app.exception[0].message}"[:300]
        said = "\n".join(one.value for one in (*app.warning, *app.error))
        if "<script" in said.replace("\\<script", "") or "![x](" in said:
            how = f"{PAGES[page]}: markup in {said[:200]!r}"
        yield Ended(number, how, min(time.perf_counter() - begun, 1.9))  # a page's time is not a file's


def names(seed: int, count: int) -> list[Ended]:
    """What somebody types as a run's name: a slug right below the folder of runs, or refused; never another path."""
    from core.basics.errors import MisfitError
    from core.runs import folders
    from core.store import checkpoints

    ended = []
    for number in range(count):
        rng = random.Random(f"{seed}/names/{number}")
        name = hostile(rng, rng.choice(("dcgan-t-shirt-seen-1", "my-run", "../x", "a/b", "con", "-x", "x" * 80)))
        begun = time.perf_counter()
        try:
            path = folders.folder(name)
            fits = path.parent == checkpoints.RUNS and path.name == name and name.isascii() and name == name.lower()
            how = "taken" if fits and not set(name) & set("/\\.\0 ") else f"{name!r} is {path}"
        except MisfitError as error:
            how = "refused" if len(str(error)) < 7000 else f"{name!r}: too long an answer"
        except Exception as error:
            how = f"{name!r}: {type(error).__name__}"
        ended.append(Ended(number, how, time.perf_counter() - begun))
    return ended
