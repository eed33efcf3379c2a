"""Values that several tests need."""

import numpy as np

from core.networks.film import NO_FILM, filmed


def random_weights(network, seed=0):
    """Weights of the right names and shapes; variances positive."""
    random = np.random.default_rng(seed)
    return {
        name: (
            random.uniform(0.5, 1.5, spec.shape) if "variance" in name else random.normal(0, 0.2, spec.shape)
        ).astype(np.float32)
        for name, spec in network.weight_specs().items()
    }


def grown_film(network, epochs, images):
    """The film of a training whose weights grow by a tenth in each epoch."""
    film, weights = NO_FILM, random_weights(network)
    for epoch in range(epochs + 1):
        film = filmed(film, epoch, network, weights, images)
        weights = {name: array * np.float32(1.1) for name, array in weights.items()}
    return film
