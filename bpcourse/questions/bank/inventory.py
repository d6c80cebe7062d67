"""The concept inventory: one set of concepts in two forms, before the first lesson and after all.

Every wrong option is a misconception of the catalogue, and has its name; the right one is called
``right``. Form A and form B ask for the same with other words and numbers, so that the difference
between them is what was learnt, not what was remembered.
"""

import numpy as np

from bpcourse.questions.question import Flaws, question

FORMS = ("inventory_a", "inventory_b")
CONCEPTS = {
    "who_updates": "backprop_updates backprop_is_exact_optimiser loss_must_fall",
    "zero_gradient": "zero_means_solved big_weight_big_gradient blame_is_shared",
    "weight_gradient": "activation_of_own_layer indices_swapped big_weight_big_gradient",
    "composition": "added_along_path outer_slope_at_wrong_point inner_slope_missing",
    "two_paths": "one_path_only paths_multiplied upstream_shared_out",
    "multiply_gate": "wrong_argument upstream_missing upstream_shared_out",
    "activation_slope": "slope_at_activation function_for_slope slope_missing",
    "point_by_point": "matrix_for_elementwise_product slope_before_weights slope_of_wrong_layer",
    "why_transpose": "backward_is_inverse weights_wrong_way_round elementwise_for_matrix_product",
    "bias_gradient": "bias_not_summed bias_averaged bias_summed_to_one",
    "sum_of_examples": "mean_for_sum first_example_only overwritten_not_accumulated",
    "output_error": "error_for_every_loss function_for_slope sign_flipped",
    "softmax_output": "true_class_not_subtracted output_slope_twice sign_flipped",
    "cost": "cost_grows_with_weights_squared one_pass_is_enough backward_is_inverse",
    "first_weights": "constant_initialisation initialisation_too_large variance_for_deviation",
}


def _option(flaw: Flaws) -> str:
    """The name of the option: of the misconception asked for, or ``right``."""
    return next(iter(sorted(flaw)), "right")


for _seed, _form in enumerate(FORMS):
    # Every letter is right about as often as any other.
    _places = np.random.default_rng(_seed).permutation(len(CONCEPTS)) % 4
    for _place, (_concept, _names) in zip(_places, CONCEPTS.items(), strict=True):
        question(
            f"{_form}.{_concept}",
            "choice",
            answer=_concept,
            inputs=lambda rng, size: {},
            misconceptions=_names,
            points=1,
            minutes=1,
            recorded=True,
            place=int(_place),
        )(_option)
