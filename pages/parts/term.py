"""One term of the glossary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """`name` as pages write it; `also` are names used elsewhere, so that a search for them succeeds."""

    name: str
    meaning: str
    also: tuple[str, ...] = ()
