"""The one catalogue: every mistake is whole, and every id that one ever had still leads to it."""

import json
from pathlib import Path

import pytest
from networks import random_network

from bpcourse.diagnosis import catalogue
from bpcourse.diagnosis.backward import FINER, table
from bpcourse.diagnosis.passes import Pass
from bpcourse.diagnosis.transformations import MORE
from bpcourse.questions import all_questions
from bpcourse.questions.judging import by_hand
from bpcourse.questions.judging.made import steps
from bpcourse.questions.judging.posed import NUMBERS, OF_LINES, pose
from bpcourse.questions.judging.steps import slips

ROOT = Path(__file__).parents[2]
FORMER = """
    absolute_delta absolute_input absolute_loss absolute_weights averaged averaged_path
    bias_largest bias_total delta_before_activation delta_missing derivative_averaged
    derivative_elsewhere derivative_first_example derivative_from_z derivative_missing
    derivative_of_input derivative_of_output derivative_one_minus derivative_plus derivative_root
    derivative_sum derivative_twice divided first_example first_row_only forgot_first_example
    forgot_last_example input_elsewhere input_missing last_example mask_inverted mask_of_both
    mask_of_gradient negative_derivative negative_path no_target one_unit_missing one_unit_only
    only_other_classes only_true_class other_derivative output_for_input output_twice path_cut
    sign_loss softmax_elementwise squared_input sums_multiplied times_batch transposed
    value_for_derivative weights_elsewhere weights_missing weights_not_transposed wrong_axis z_for_a
""".split()  # what explain() said in version 0.3

SEEN = (  # in a result, and never made
    "constant_offset",
    "imaginary_part_forgotten",
    "nothing_returned",
    "result_aliases_input",
    "result_given_twice",
)


@pytest.mark.parametrize("mistake", catalogue.mistakes(), ids=lambda mistake: mistake.id)
def test_a_mistake_says_what_it_is_and_where_it_is_cured(mistake):
    assert mistake.look and mistake.numbers and len(mistake.hint) > 30
    lesson = ROOT / "lectures" / f"{mistake.cure}.ipynb"
    cells = json.loads(lesson.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    lines = [line.removesuffix(" ◆") for line in lines]  # the mark of the ninety-minute path
    assert f"## {mistake.section}" in lines or f"### {mistake.section}" in lines


def test_an_id_leads_to_one_mistake():
    former = [old for mistake in catalogue.mistakes() for old in mistake.formerly]
    assert len(set(former)) == len(former) and not set(former) & catalogue.ids()
    for old in FORMER:
        mistake = catalogue.find(old)
        assert old in (mistake.id, *mistake.formerly) and mistake == catalogue.find(mistake.id)
    with pytest.raises(KeyError):
        catalogue.find("sing_flipped")


def test_the_mistakes_come_in_their_order_and_once():
    everything = [mistake.id for mistake in catalogue.mistakes()]
    assert set(everything) == catalogue.ids() and len(set(everything)) == len(everything)
    some = catalogue.mistakes(["z_for_a", "sign_flipped", "activation_forgotten"])
    assert [mistake.id for mistake in some] == ["sign_flipped", "activation_forgotten"]


def test_no_mistake_is_unused():
    judged = {name for one in all_questions() for name in (*one.misconceptions, *one.of_families)}
    judged |= {step.name for one in all_questions() if one.is_code for step in steps(one)}
    judged |= {step.name for one in all_questions() if one.is_code for step in slips(one)}
    judged |= {name for name, _ in MORE}
    numbers = [one for one in all_questions() if one.kind in NUMBERS]
    by_pencil = [names for one in numbers for names, _ in by_hand.slips(one, pose(one).inputs)]
    judged |= {name for names in by_pencil for name in names.split()} | set(by_hand.OF_ANY)
    judged |= set(SEEN) | set(OF_LINES)
    runs = [Pass.of(*random_network(seed)[:3]) for seed in range(24)]
    made = {id for run in runs for step, _ in run.walk() for id in table(step)}
    assert catalogue.ids() == judged | made | set(FINER.values())
