"""The figures with controls, as the tests make them."""

import numpy as np

from bpcourse import graph, widgets

POINTS = np.array([-2.0, -1.0, 0.0, 1.0, 2.5])
TARGETS = np.array([0.1, 0.2, 0.6, 0.7, 0.9])


def bowl(place):
    """A loss whose slopes are 2x and 6y."""
    return place[0] ** 2 + 3 * place[1] ** 2


def valley(place):
    """The loss of one logistic unit on five points, as in lesson 03."""
    y_hat = graph.sigmoid(place[0] * POINTS + place[1])
    return ((y_hat - TARGETS) ** 2).mean()


EXPLORERS = {
    "activation": widgets.ActivationExplorer,
    "chain": widgets.ChainMicroscope,
    "costs": widgets.CostExplorer,
    "descent": lambda: widgets.DescentPlayer(bowl, ((-2, 2), (-2, 2)), start=(1.5, 1.0), rate=0.1),
    "initialisation": widgets.InitialisationExplorer,
    "loss": widgets.LossExplorer,
    "playground": lambda: widgets.Playground(epoch=5),
    "shapes": widgets.ShapeExplorer,
    "steps": widgets.StepExplorer,
}

CALLS = {  # what a reader writes in a notebook
    "activation": "ActivationExplorer()",
    "chain": "ChainMicroscope()",
    "costs": "CostExplorer()",
    "descent": "DescentPlayer(lambda w: w[0] ** 2 + 3 * w[1] ** 2, ((-2, 2), (-2, 2)), "
    "start=(1.5, 1.0), rate=0.1, steps=2)",
    "initialisation": "InitialisationExplorer()",
    "loss": "LossExplorer()",
    "playground": "Playground(epoch=5)",
    "shapes": "ShapeExplorer()",
    "steps": "StepExplorer()",
}
PLACES = {  # the lesson that shows it
    "activation": "06_activations", "chain": "04_chain_rule", "costs": "22_counting",
    "descent": "03_gradient_descent", "initialisation": "21_starting_well",
    "loss": "10_softmax_cross_entropy", "playground": "14_training",
    "shapes": "09_vectors_and_jacobians", "steps": "13_gradient_checking",
}  # fmt: skip
