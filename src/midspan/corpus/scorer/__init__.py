"""A quality scorer of one's own: a few hundred labelled files, and a linear model that scores all the others."""

from midspan.corpus.scorer.account import account_of_scorer
from midspan.corpus.scorer.judge import OwnJudge
from midspan.corpus.scorer.learn import learn_scorer
from midspan.corpus.scorer.model import Scorer
from midspan.corpus.scorer.trial import trial_at
from midspan.corpus.scorer.unlabelled import write_files_to_label

__all__ = ["OwnJudge", "Scorer", "account_of_scorer", "learn_scorer", "trial_at", "write_files_to_label"]
