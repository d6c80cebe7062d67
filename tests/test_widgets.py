"""The stepper: its page computes what the package computes, and bad input is a message."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from bpcourse import (
    CrossEntropy,
    EuclideanNorm,
    Linear,
    MaxMargin,
    Network,
    ReLU,
    Sigmoid,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    activations,
    datasets,
    graph,
    notation,
)
from bpcourse.activations import Activation
from bpcourse.figures import FORWARD, GRADIENT, PARAMETER
from bpcourse.graph import Node
from bpcourse.layers import GELU, ElementWise, LeakyReLU, SiLU, Softplus
from bpcourse.losses import BinaryCrossEntropy
from bpcourse.widgets import Stepper
from bpcourse.widgets.drawing import GAP, STYLE, WIDTH, places
from bpcourse.widgets.formulas import FORMULAS, formulas, names
from bpcourse.widgets.functions import KINDS
from bpcourse.widgets.graphs import from_graph
from bpcourse.widgets.html import STATIC, style
from bpcourse.widgets.networks import ACTIVATIONS, from_network
from bpcourse.widgets.program import MOST_ENTRIES, MOST_NODES


def _in_javascript(programs, leaves):
    """Values and gradients of every program by the page's arithmetic."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("NO JAVASCRIPT OUTSIDE A BROWSER, NOTHING TESTED: install nodejs")
    script = (STATIC / "engine.js").read_text(encoding="utf-8") + (
        f"const L = {json.dumps(leaves)};"
        f"const all = {json.dumps(programs)}.map((p, n) => {{ const s = compute(p, L[n]);"
        "return [s.values, s.grads].map((list) => list.map((a) => a && Array.from(a))); });"
        "console.log(JSON.stringify(all));"
    )
    command = [node, "--input-type=module", "-"]
    done = subprocess.run(command, input=script, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)


def _assert_equal(expected, computed):
    values, grads = computed
    for node, value, grad in zip(expected["nodes"], values, grads, strict=True):
        np.testing.assert_allclose(value, node["value"], rtol=1e-12, atol=1e-12)
        assert (grad is None) == (node["grad"] is None)
        if grad is not None:
            np.testing.assert_allclose(grad, node["grad"], rtol=1e-12, atol=1e-12)


def _random_graph(rng, leaves):
    """A number made of the leaves, two scalars and a (2, 3) and a (3,) array, by random gates."""
    nodes = [Node(leaf, f"l{k}") for k, leaf in enumerate(leaves)]
    binary = [
        lambda u, v: u + v,
        lambda u, v: u * v,
        lambda u, v: u - v,
        lambda u, v: u / (v * v + 1),
        graph.maximum,
        lambda u, v: (u * u + 1) ** v,
    ]
    unary = [graph.tanh, graph.sigmoid, graph.relu, lambda u: graph.exp(-u * u)]
    unary += [lambda u: graph.log(u * u + 1), lambda u: graph.tanh(u) ** 3]
    for _ in range(6):
        u, v = (nodes[k] for k in rng.integers(len(nodes), size=2))
        nodes.append(binary[rng.integers(6)](graph.tanh(u), graph.tanh(v)))
        nodes.append(unary[rng.integers(6)](nodes[rng.integers(len(nodes))]))
    A, b = nodes[2], nodes[3]
    ends = (A @ b).sum() + (A.T @ A).max(axis=0).mean() + A[:, 1].sum() + nodes[-1].mean()
    return ends + nodes[-2].sum()


def test_random_graphs_come_out_the_same_and_so_do_edited_ones():
    rng = np.random.default_rng(0)
    before, after, leaves = [], [], []
    while len(before) < 20:
        state = rng.bit_generator.state
        roots = []
        for change in (0, 0.3):
            rng.bit_generator.state = state
            numbers = [rng.normal(size=shape) + change for shape in ((), (), (2, 3), (3,))]
            roots.append(_random_graph(rng, numbers))
        try:
            programs = [from_graph(root) for root in roots]
        except ValueError:  # too large
            continue
        before.append(programs[0])
        after.append(programs[1])
        leaves.append(
            {n: node["value"] for n, node in enumerate(programs[1]["nodes"]) if not node["op"]}
        )
    for expected, computed in zip(after, _in_javascript(before, leaves), strict=True):
        _assert_equal(expected, computed)


def _networks():
    rng = np.random.default_rng(1)

    def net(loss, *between):
        layers = [Linear(3, 4, rng=rng), between[0], Linear(4, 2, rng=rng), *between[1:]]
        return Network(layers, loss)

    X, Y, labels = rng.normal(size=(5, 3)), rng.random((5, 2)), np.array([0, 1, 1, 0, 1])
    yield net(SquaredError(0.5), Sigmoid()), X, Y
    yield net(SquaredError(reduction="sum"), Tanh(), Softplus()), X, Y
    yield net(EuclideanNorm(), SiLU()), X, Y
    yield net(MaxMargin(), ReLU()), X, labels
    yield net(SoftmaxCrossEntropy(), LeakyReLU(0.1)), X, labels
    yield net(BinaryCrossEntropy(), Tanh()), X, Y
    yield net(SquaredError(), GELU(), Softmax()), X, Y
    yield net(CrossEntropy(), GELU(), Softmax()), X, labels
    wide = Network([Linear(1, 1, rng=rng), GELU()], SquaredError())
    yield wide, np.linspace(-40, 40, 161)[:, None], np.zeros((161, 1))


def test_networks_come_out_the_same_by_units_and_by_layers():
    programs = []
    for net, X, Y in _networks():
        programs.append(from_network(net, X[0], Y[0]))
        if len(X) > 1:
            programs.append(from_network(net, X, Y))
    for program, computed in zip(
        programs, _in_javascript(programs, [{}] * len(programs)), strict=True
    ):
        _assert_equal(program, computed)


def test_the_readers_own_backward_stays():
    x = Node(3.0, "x")
    f = x * x
    f.backward(seed=2)
    Stepper(f)
    assert x.grad == 12 and f.grad == 2


def test_without_javascript_the_picture_and_its_numbers_stand():
    net, X, Y = datasets.worked_network()
    data, metadata = Stepper(net, X[0], Y[0])._repr_mimebundle_()
    root = ElementTree.fromstring(data["image/svg+xml"])
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    for shown in ("−0.359", "0.421", "−1.085", "0.677"):  # those of worked_network
        assert shown in words and shown in data["text/plain"]
    assert metadata["image/svg+xml"]["alt"]


def test_the_page_is_one_file(tmp_path):
    path = Stepper(Node(2.0, "x</script>") * Node(3.0, "y")).to_html(tmp_path / "f.html")
    page = path.read_text(encoding="utf-8")
    outside = page.replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    assert "http" not in outside and "import " not in page
    assert page.count("</script>") == 1
    assert (
        '<script type="module"' not in page and "export " not in page
    )  # some pages take no module


def test_every_activation_can_be_stepped_through_and_explored():
    names = {kind.__name__ for kind in ElementWise.__subclasses__()}
    assert names == {"Identity", *ACTIVATIONS}
    functions = [one for one in vars(activations).values() if isinstance(one, Activation)]
    assert set(KINDS.values()) == set(functions)


def test_one_colour_for_each_kind():
    for color in (FORWARD, GRADIENT, PARAMETER):
        assert color in style("stepper").upper() and color in STYLE.upper()


@pytest.mark.parametrize(
    "X, Y, named",
    [
        ([[np.nan, 1, 2]], [[1, 2]], "X"),
        ([[0.0, 1, 2, 3]], [[1, 2]], "X"),
        (np.zeros((0, 3)), np.zeros((0, 2)), "X"),
        ([[0.0, 1, 2]], [[1, np.inf]], "y"),
        (None, None, "X, y"),
    ],
)
def test_bad_numbers_are_a_message_in_the_figure(X, Y, named, tmp_path):
    net, _, _ = datasets.worked_network()
    stepper = Stepper(net, X if X is None else np.array(X), Y if Y is None else np.array(Y))
    assert stepper.program is None and named in stepper.data["message"]
    data, _ = stepper._repr_mimebundle_()
    assert data["text/plain"] == stepper.data["message"]
    assert named in stepper.to_html(tmp_path / "f.html").read_text(encoding="utf-8")


def test_a_graph_too_large_to_draw_is_a_message():
    x = Node(0.5, "x")
    for _ in range(MOST_NODES):
        x = x * 0.9
    assert str(MOST_NODES) in Stepper(x).data["message"]
    many = Node(np.ones(MOST_ENTRIES), "x").sum()
    assert str(MOST_ENTRIES) in Stepper(many).data["message"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "make, said",
    [
        (lambda: graph.exp(Node(1000.0, "x")), "expected finite gradients, got inf"),
        (lambda: Node(1e200, "x") * Node(1e200, "y"), "f: expected finite numbers, got inf"),
        (lambda: Node(np.zeros(0), "x").sum(), "x: expected at least one entry"),
        (lambda: Node(np.ones(3), "x"), "expected a single number"),
    ],
)
def test_a_graph_that_cannot_be_played_is_a_message(make, said):
    assert said in Stepper(make()).data["message"]


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="what: expected a Node"):
        Stepper(3)


def test_a_transposed_node_is_called_so():
    A = Node(np.arange(6.0).reshape(2, 3), "A")
    names = [node["name"] for node in Stepper((A.T.T @ A.T).sum()).program["nodes"]]
    assert names.count("Aᵀ") == 2 and "Aᵀᵀ" in names


def _titles(stepper):
    picture = stepper._repr_mimebundle_()[0]["image/svg+xml"]
    return re.findall(r'class="title"[^>]*>([^<]*)<', picture)


def _staged():
    s = Node(2.0, "s")
    x, y = s**2, 3 * s
    x.name, y.name = "x", "y"
    return x * y


def test_a_gate_says_what_it_computes_and_a_constant_is_one():
    assert sorted(_titles(Stepper(_staged()))) == ["constant", "f = x·y", "s", "x = s²", "y = 3·s"]
    nodes = Stepper(_staged()).program["nodes"]
    assert [node["value"] for node in nodes if node["role"] == "constant"] == [[3.0]]
    picture = Stepper(_staged())._repr_mimebundle_()[0]["image/svg+xml"]
    assert picture.count('class="grad" ') == 5 and picture.count('text-anchor="end"></text>') == 1


def test_a_network_is_named_as_in_the_lessons():
    net, X, Y = datasets.worked_network()
    by_layers = [node["name"] for node in Stepper(net, X, Y).program["nodes"]]
    assert {"X", "Z⁽¹⁾", "A⁽¹⁾", "Ŷ", "𝓛", "W⁽²⁾", "b⁽²⁾"} <= set(by_layers)
    by_units = [node["name"] for node in Stepper(net, X[0], Y[0]).program["nodes"]]
    assert {"x₁", "W⁽¹⁾₁₂", "z⁽¹⁾₁", "a⁽¹⁾₁", "ŷ₂", "𝓛"} <= set(by_units)


def _layered_graph():
    net, X, Y = datasets.worked_network()
    W1, b1, W2, b2 = (Node(value, name) for name, value in net.params.items())
    A = graph.sigmoid(Node(X, "X") @ W1.T + b1)
    return ((A @ W2.T + b2 - Y) ** 2).sum()


@pytest.mark.parametrize("make", [from_graph, None])
def test_columns_stand_in_the_order_of_the_layers(make):
    if make:
        program = from_graph(_layered_graph())
    else:
        program = from_network(*datasets.worked_network())
    nodes, at = program["nodes"], places(program)
    (activation,) = [n for n, node in enumerate(nodes) if node["op"] == "σ"]
    later = [
        n for n, node in enumerate(nodes) if node["name"] in ("2.W", "2.Wᵀ", "2.b", "W⁽²⁾ᵀ", "b⁽²⁾")
    ]
    assert later
    for n in later:  # a weight's own box may stand over Z, as its turned form follows it
        assert at[n][0] >= at[activation][0] - (WIDTH + GAP)
    for n, node in enumerate(nodes):  # and nothing stands before what it is made of
        assert all(at[p][0] < at[n][0] for p in node["parents"] if p in at) or n == program["root"]


@pytest.mark.parametrize("case", ["graph", "layered", "network"])
def test_every_edge_is_a_line_of_its_own(case):
    if case == "network":
        net, X, Y = datasets.worked_network()
        stepper = Stepper(net, X[0], Y[0])
    else:
        stepper = Stepper(_staged() if case == "graph" else _layered_graph())
    picture = stepper._repr_mimebundle_()[0]["image/svg+xml"]
    paths = re.findall(r'class="line" d="M(\S+ \S+?)C.*?(\S+)H(\S+)"', picture)
    assert len(paths) > 3
    starts, ends = [start for start, *_ in paths], [end for _, *end in paths]
    assert len(set(starts)) == len(starts) and len({*map(tuple, ends)}) == len(ends)


def test_every_operation_has_a_formula_and_a_slope_for_all_that_it_takes():
    assert set(ACTIVATIONS.values()) <= set(FORMULAS)
    for op, parts in formulas().items():
        taken = 2 if "{b}" in parts[0] else 1
        assert len(parts) == 1 + taken, op
        for part in parts:
            ElementTree.fromstring(f"<math>{part.replace('{a}', '<mi>a</mi>')}</math>")


def test_a_dialect_counts_its_layers_and_names_its_units():
    by_name = {dialect.name: names(dialect) for dialect in notation.dialects()}
    bare = {
        name: {kind: re.sub("<.*?>", "", formula) for kind, formula in found.items()}
        for name, found in by_name.items()
    }
    assert bare["this course"]["z_i"] == "z{i}({l})"
    assert bare["Nielsen, book"]["z_i"] == "z{i}{m}"  # the input is layer 1
    assert bare["D: after CS224d"]["w"] == "W{i}{j}({l})" and "y" not in bare["D: after CS224d"]
    assert bare["B: after Lee"]["w"] == "w{j}" and bare["Keras"]["y"] == "y_true"
    for formula in (part for found in by_name.values() for part in found.values()):
        ElementTree.fromstring(f"<math>{formula}</math>")
