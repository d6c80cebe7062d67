"""What is installed, from what, and which part of the package may know which."""

import ast
import email
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import bpcourse

ROOT = Path(__file__).parents[1]
TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = TOML["project"], TOML["dependency-groups"]
EXTRAS = PROJECT["optional-dependencies"]


def _python(code, **options):
    """What a fresh Python prints that runs the code."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **options)
    assert run.returncode == 0, run.stderr
    return run.stdout


# --- the package's face -------------------------------------------------------------------------


def test_importing_the_package_imports_nothing_else():
    new = _python(
        "import sys; old = set(sys.modules); import bpcourse; print(set(sys.modules) - old)"
    )
    assert ast.literal_eval(new) == {"bpcourse"}


def test_the_mathematics_loads_little_that_numpy_has_not_loaded():
    new = _python(
        "import sys, numpy; old = set(sys.modules);"
        "from bpcourse import Network, train; print(set(sys.modules) - old)"
    )
    others = {name for name in ast.literal_eval(new) if not name.startswith("bpcourse")}
    # Not numpy.random, which waits for its first use: with what it loads, a fifth of all the time.
    assert {name for name in others if not name.startswith("numpy.")} <= {"copy", "dataclasses"}
    assert not {name for name in others if name.startswith("numpy.random")}


def test_every_public_name_loads_and_is_listed():
    for name in bpcourse.__all__:
        assert getattr(bpcourse, name) is not None
    assert set(bpcourse.__all__) <= set(dir(bpcourse))
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        bpcourse.nothing_of_the_kind  # noqa: B018


def test_the_names_for_editors_are_those_that_load():
    tree = ast.parse((ROOT / "bpcourse" / "__init__.py").read_text(encoding="utf-8"))
    listed = {
        alias.asname: node.module.removeprefix("bpcourse.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    listed.pop(None)  # import_module, inside _load
    assert listed == {name: "bpcourse" for name in bpcourse._MODULES} | bpcourse._HOME


USES = """\
import numpy as np

import bpcourse
from bpcourse import Linear, Network, SoftmaxCrossEntropy, SquaredError, Tanh, datasets, train
from bpcourse.optimizers import Adam

rng = np.random.default_rng(0)
net = Network([Linear(3, 4, rng=rng), Tanh(), Linear(4, 2, rng=rng)], SoftmaxCrossEntropy())
loss: float = net.forward([[1, 2, 3]], [0])
for name, gradient in net.backward().items():
    net.params[name] -= 0.1 * gradient
net.params["0.b"] = [1, 2, 3, 4]
X, y, *_ = bpcourse.datasets.digits()
history = train(net, X, y, learning_rate=0.1, rng=rng, optimizer=Adam(), epochs=2, batch_size=8)
last: float = history.loss[-1]
share: float = bpcourse.accuracy(net.predict(X), y)

Linear("three", 2, rng=rng)  # error
Linear(3, 2)  # error
Linear(3, 2, rng=rng, init="xavvier")  # error
SquaredError(reduction="average")  # error
SoftmaxCrossEntropy("mean")  # error
Network([Linear(3, 4, rng=rng)], "mse")  # error
train(net, X, y, learning_rate="0.1", rng=rng, epochs=2, batch_size=8)  # error
datasets.worked_network("relu")  # error
bpcourse.digits()  # error
net.predict(X).losses  # error
"""


@pytest.mark.slow
def test_a_type_checker_sees_what_a_user_does(tmp_path):
    """What is right draws no complaint, and each line that is wrong draws one."""
    (tmp_path / "uses.py").write_text(USES, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty"]
    command += ["--cache-dir", str(ROOT / ".mypy_cache" / "uses"), "uses.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    complaints = {int(n) for n in re.findall(r"^uses\.py:(\d+): error", run.stdout, re.M)}
    wrong = {n for n, line in enumerate(USES.splitlines(), start=1) if line.endswith("# error")}
    assert complaints == wrong, run.stdout + run.stderr


def test_the_examples_of_the_readme_run(tmp_path):
    readme = (ROOT / "README.md").read_text("utf-8")
    network, answer, figure, check = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    shown = _python(network + "\nprint({name: g.shape for name, g in gradients.items()})")
    assert ast.literal_eval(shown) == ast.literal_eval(network.split("# ")[-1])
    said = _python(answer, cwd=tmp_path).replace("\n", " ")
    for line in answer.split("# ")[1:]:
        assert line.replace("…", "").strip() in said
    shown = figure.rstrip().replace("\n\n", "\n\nprint(") + ".said)"
    assert _python(shown).startswith("After epoch")
    assert _python("import numpy as np\n" + check).startswith("RIGHT")


# --- imports run one way --------------------------------------------------------------------------

HOUSE = [  # each line may import from those above it and from its own
    "validation normal sums activations losses layers network optimizers monitor training",
    "operations graph",
    "indexwise",
    "datasets notation text files showing",
    "diagnosis",
    "gradcheck",
    "figures widgets",
    "questions",
    "workspace ledger doctor terms",
    "marking",
    "server cli __main__",
]
LEVEL = {name: level for level, names in enumerate(HOUSE) for name in names.split()}
MATHEMATICS = " ".join(HOUSE[:3]).split()
MODULES = sorted(set(ROOT.glob("bpcourse/**/*.py")) - {ROOT / "bpcourse" / "__init__.py"})


def _imports(path):
    """(module, whether inside a function) for every import of the file."""

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, inside) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: imports are written in full"
                if child.module == "bpcourse":
                    names = (a.name for a in child.names if a.name != "__version__")
                    yield from ((f"bpcourse.{name}", inside) for name in names)
                else:
                    yield child.module, inside
            for_types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from walk(child, inside or for_types or isinstance(child, ast.FunctionDef))

    return walk(ast.parse(path.read_text(encoding="utf-8")), False)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    own = path.relative_to(ROOT / "bpcourse").parts[0].removesuffix(".py")
    assert own in LEVEL, "a new module needs its place in the house"
    for module, inside in _imports(path):
        top, _, rest = module.partition(".")
        if top == "bpcourse":
            target = rest.split(".")[0]
            allowed = LEVEL[target] <= LEVEL[own] or (target == "figures" and inside)
            assert allowed, f"{own} may not import {target}"
        elif own in MATHEMATICS and not inside:
            assert top == "numpy" or top in sys.stdlib_module_names, f"{own} may not import {top}"


# --- what is installed ----------------------------------------------------------------------------


def _name(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_the_package_needs_numpy_alone():
    assert [_name(requirement) for requirement in PROJECT["dependencies"]] == ["numpy"]


def test_conda_installs_what_the_lab_extra_does():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    packages = environment["dependencies"]
    assert {"pip": ["-e ."]} in packages
    packages = {package for package in packages if isinstance(package, str)} - {"pip"}
    minimum = PROJECT["requires-python"].removeprefix(">=")
    assert packages == {f"python={minimum}", *PROJECT["dependencies"], *EXTRAS["lab"]}


@pytest.mark.parametrize(
    "lock, extras, groups",
    [
        ("requirements.lock", ["lab", "grade", "cluster"], ["test", "site"]),
        ("requirements-bench.lock", [], ["bench"]),
    ],
)
def test_a_lock_pins_everything_by_hash_and_names_no_place(lock, extras, groups):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|^-|@ |file:", text, re.MULTILINE)
    pinned = {}
    for block in re.split(r"\n(?=\S)", text):
        if not block.startswith("#"):
            requirement = re.match(r"([\w.-]+)==[\w.+!]+( ;.*)? \\\n", block)
            assert requirement and "--hash=sha256:" in block, block[:80]
            pinned[requirement[1]] = block
    wanted = PROJECT["dependencies"] + [entry for extra in extras for entry in EXTRAS[extra]]
    wanted += [entry for group in groups for entry in GROUPS[group]]
    assert {_name(requirement) for requirement in wanted} <= set(pinned)
    if "test" in groups:  # make builds the package itself with what is pinned
        assert "hatchling" in pinned


def test_a_wheel_offers_what_users_install_and_nothing_of_the_maintainers():
    assert set(EXTRAS) == {"lab", "grade", "cluster"}
    assert set(GROUPS) == {"test", "site", "bench"}


# --- the wheel and a fresh clone ------------------------------------------------------------------


TEMPLATES = ("base", "feedback", "report")
STATIC = tuple(path.name for path in (ROOT / "bpcourse" / "widgets" / "static").iterdir())


@pytest.mark.slow
def test_the_wheel_holds_the_lessons_and_runs_with_numpy_alone(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        needs = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist")
    assert [need for need in needs if "extra" not in need] == ["numpy>=2.0"]
    given = {
        f"{folder}/{path.name}"
        for folder in ("lectures", "exercises")
        for path in ROOT.glob(f"{folder}/*.ipynb")
    }
    assert {f"bpcourse/{name}" for name in given} <= names
    assert {"bpcourse/text/en.toml", "bpcourse/py.typed"} <= names
    assert {f"bpcourse/widgets/static/{name}" for name in STATIC} <= names
    assert {f"bpcourse/marking/templates/{name}.html" for name in TEMPLATES} <= names
    assert not [name for name in names if "solutions" in name or name.startswith("tests")]

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, wheel]
    constraints = ["-c", ROOT / "requirements.lock"]
    subprocess.run([*map(str, install + constraints)], check=True)
    code = "import bpcourse; bpcourse.workspace.start('mine'); print(bpcourse.SquaredError())"
    subprocess.run([python, "-c", code], cwd=tmp_path, check=True)
    mine = tmp_path / "mine"
    assert {str(path.relative_to(mine)) for path in mine.rglob("*.ipynb")} == given
    release = [python.with_name("bpcourse"), "release", "11", "--out", "hand_out"]
    subprocess.run(release, cwd=tmp_path, check=True)
    assert (tmp_path / "hand_out" / "exercises" / "11_matrix_form.ipynb").exists()


@pytest.mark.slow
def test_a_fresh_clone_sets_itself_up_once(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    python = clone / ".venv/bin/python"
    subprocess.run(["make", "-C", clone, ".venv/lab"], check=True, timeout=600)
    for module, found in {"jupyterlab": True, "pytest": False, "sphinx": False}.items():
        run = subprocess.run([python, "-c", f"import {module}"], capture_output=True)
        assert (run.returncode == 0) == found, module
    make = ["make", "-C", str(clone), ".venv/ready"]
    subprocess.run(make, check=True, timeout=600)
    code = "import bpcourse; print(bpcourse.__file__); import jupyterlab, nbval, hypothesis"
    shown = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert shown.stdout.strip() == str(clone / "bpcourse" / "__init__.py"), shown.stderr
    compiled = list(clone.glob(".venv/lib/*/site-packages/jupyterlab/__pycache__/*.pyc"))
    assert compiled  # whatever PYTHONDONTWRITEBYTECODE says
    assert subprocess.run([*make, "--question"]).returncode == 0  # nothing is left to do
    status = ["git", "-C", clone, "status", "--porcelain"]
    assert subprocess.run(status, capture_output=True, check=True).stdout == b""


@pytest.mark.slow
def test_an_old_python_is_told_so(tmp_path):
    old = tmp_path / "python"
    old.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "\nimport sys\nsys.version_info = (3, 8)\n'
        "sys.version = '3.8.1 (old)'\n$2\"\n"
    )
    old.chmod(0o755)
    run = subprocess.run(
        ["make", f"PYTHON={old}", "--always-make", ".venv/lab"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0 and "needs Python 3.11 or later" in run.stderr
    assert "3.8.1" in run.stderr
