"""Values that several tests need."""

import numpy as np


def random_weights(network, seed=0):
    """Weights of the right names and shapes; variances positive."""
    random = np.random.default_rng(seed)
    return {
        name: (
            random.uniform(0.5, 1.5, spec.shape) if "variance" in name else random.normal(0, 0.2, spec.shape)
        ).astype(np.float32)
        for name, spec in network.weight_specs().items()
    }
