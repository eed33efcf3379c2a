"""Script A and each improvement of it by itself, on 10,000 training images: what the chapter "improvements" reports."""

from core.digits.dataset import load_dataset
from core.lessons.improvements import IMPROVEMENTS
from core.networks.presets import PRESETS
from core.training.fit import fit
from tests.benchmarks import mnist_or_exit, report

SEEDS = (0, 1)


def main() -> None:
    """Train each recipe with each seed and report the mean accuracy on test images and on drawn digits."""
    mnist_or_exit()
    recipes = {"script-a": PRESETS["script-a"]} | {improvement.key: improvement.recipe for improvement in IMPROVEMENTS}
    figures = {}
    for key, recipe in recipes.items():
        quick = recipe.data.model_copy(update={"size": "quick"})
        data = load_dataset(**dict(quick))
        trained = [fit(recipe.model_copy(update={"data": quick, "seed": seed}), data).model.scores for seed in SEEDS]
        test = sum(scores.test_accuracy for scores in trained) / len(SEEDS)
        drawn = sum(scores.drawn_accuracy or 0.0 for scores in trained) / len(SEEDS)
        figures[key.replace("-", "_")] = {"test_accuracy": test, "drawn_accuracy": drawn}
        print(f"{recipe.name}: {test:.4f} of test images, {drawn:.4f} of drawn digits.", flush=True)
    report(**figures)


if __name__ == "__main__":
    main()
