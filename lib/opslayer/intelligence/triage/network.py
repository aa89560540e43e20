"""One hidden layer over words: what texts that share no words have in common, which no line finds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

HIDDEN, EPOCHS, BATCH, RATE = 128, 8, 256, 5e-3  # measured on held-out texts of banking77 and clinc150
FEWEST = 200  # steps: few texts are gone through more often
LEAST = 1e-5  # chance that is told apart from none
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """Arrays only, so that it is kept as such; inputs by hidden, hidden by intents."""

    into: Floats
    into_bias: Floats
    out: Floats
    out_bias: Floats

    def log_chances(self, weights: csr_matrix) -> NDArray[np.float64]:
        """Texts by intents, no lower than the logarithm of LEAST."""
        hidden = np.maximum(weights @ self.into + self.into_bias, 0)
        found = np.asarray(hidden @ self.out + self.out_bias, dtype=np.float64)
        if found.shape[1] == 1:  # of two, only the second has an output
            found = np.column_stack([np.zeros(len(found)), found[:, 0]])
        return np.maximum(np.asarray(log_softmax(found, axis=1)), np.log(LEAST))


def fit_network(weights: csr_matrix, labels: NDArray[np.str_], *, seed: int) -> Network:
    """Learn from texts; stops after a set number of rounds, before it knows them by heart."""
    rounds = max(EPOCHS, -(-FEWEST * BATCH // max(weights.shape[0], BATCH)))
    learner = MLPClassifier(
        (HIDDEN,),
        batch_size=min(BATCH, weights.shape[0]),
        learning_rate_init=RATE,
        max_iter=rounds,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is to stop early
        learner.fit(weights.astype(np.float32), labels)
    (into, out), (into_bias, out_bias) = learner.coefs_, learner.intercepts_
    return Network(into, into_bias, out, out_bias)
