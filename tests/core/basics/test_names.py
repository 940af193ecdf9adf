from core.basics import names
from core.data.tasks import REGIMES
from core.gans.config import CONFIGS
from core.study import plan, published, reporting
from pages.parts import vocabulary

ASKED_FOR = """anomaly score, AUROC, regime, seen, unseen, one-class, threshold, operating point, Youden J, FPR, TPR, precision,
percentile, reconstruction, residual, ABC loss, patch L1, latent vector, discriminator, 95 % interval, SD over seeds"""


def test_every_model_regime_and_study_has_its_one_name():
    assert list(names.MODEL_NAMES) == list(CONFIGS)
    assert tuple(names.REGIME_HELP) == tuple(names.REGIME_QUESTIONS) == REGIMES
    assert tuple(plan.STUDIES) == names.STUDIES
    assert set(published.DECK) <= set(names.MODEL_NAMES)
    assert reporting.METHOD_NAMES is names.METHOD_NAMES


def test_the_glossary_explains_each_term_once():
    names = [term.name for term in vocabulary.TERMS]
    assert len(names) == len(set(names))
    joined = " ".join(names).casefold()
    for name in ASKED_FOR.split(","):
        assert name.strip().casefold() in joined, name
    for term in vocabulary.TERMS:
        assert term.meaning.endswith(".") and len(term.meaning) < 260, term.name


def test_a_term_is_found_by_another_name_and_in_any_case():
    def found(text):
        return [term.name for terms in vocabulary.find(text).values() for term in terms]

    assert "Anomaly score" in found("RECONSTRUCTION ERROR")
    assert found("recall") == ["True-positive rate (TPR)"]
    assert found("zeppelin") == []
    assert len(found(" ")) == len(vocabulary.TERMS)
