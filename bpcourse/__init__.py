"""bpcourse: backpropagation, from the chain rule to matrix form, in NumPy.

Public names load when they are first used, so ``import bpcourse`` costs next to nothing.
"""

TYPE_CHECKING = False  # what typing.TYPE_CHECKING means to tools, without importing typing

if TYPE_CHECKING:  # for editors and type checkers; what runs is the table below
    from bpcourse import activations as activations
    from bpcourse import datasets as datasets
    from bpcourse import diagnosis as diagnosis
    from bpcourse import figures as figures
    from bpcourse import gradcheck as gradcheck
    from bpcourse import graph as graph
    from bpcourse import indexwise as indexwise
    from bpcourse import layers as layers
    from bpcourse import losses as losses
    from bpcourse import network as network
    from bpcourse import notation as notation
    from bpcourse import optimizers as optimizers
    from bpcourse import questions as questions
    from bpcourse import showing as showing
    from bpcourse import terms as terms
    from bpcourse import training as training
    from bpcourse import workspace as workspace
    from bpcourse.gradcheck import central_difference as central_difference
    from bpcourse.layers import GELU as GELU
    from bpcourse.layers import Identity as Identity
    from bpcourse.layers import LeakyReLU as LeakyReLU
    from bpcourse.layers import Linear as Linear
    from bpcourse.layers import ReLU as ReLU
    from bpcourse.layers import Sigmoid as Sigmoid
    from bpcourse.layers import SiLU as SiLU
    from bpcourse.layers import Softmax as Softmax
    from bpcourse.layers import Softplus as Softplus
    from bpcourse.layers import Tanh as Tanh
    from bpcourse.losses import BinaryCrossEntropy as BinaryCrossEntropy
    from bpcourse.losses import CrossEntropy as CrossEntropy
    from bpcourse.losses import EuclideanNorm as EuclideanNorm
    from bpcourse.losses import MaxMargin as MaxMargin
    from bpcourse.losses import SoftmaxCrossEntropy as SoftmaxCrossEntropy
    from bpcourse.losses import SquaredError as SquaredError
    from bpcourse.network import Network as Network
    from bpcourse.network import accuracy as accuracy
    from bpcourse.questions import Answer as Answer
    from bpcourse.questions import ask as ask
    from bpcourse.questions import check as check
    from bpcourse.questions import gain as gain
    from bpcourse.questions import hint as hint
    from bpcourse.questions import predict as predict
    from bpcourse.questions import progress as progress
    from bpcourse.questions import reveals as reveals
    from bpcourse.showing import look as look
    from bpcourse.terms import glossary as glossary
    from bpcourse.training import train as train

__version__ = "1.0.0"

_NAMES = {
    "layers": "GELU Identity LeakyReLU Linear ReLU SiLU Sigmoid Softmax Softplus Tanh",
    "losses": "BinaryCrossEntropy CrossEntropy EuclideanNorm MaxMargin SoftmaxCrossEntropy "
    "SquaredError",
    "network": "Network accuracy",
    "training": "train",
    "gradcheck": "central_difference",
    "questions": "Answer ask check gain hint predict progress reveals",
    "showing": "look",
    "terms": "glossary",
}
_MODULES = "activations datasets diagnosis figures gradcheck graph indexwise notation".split()
_MODULES += ["optimizers", "workspace"]
_MODULES += [name for name in _NAMES if name not in _MODULES]
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted([*_HOME, *_MODULES])


def _load(name: str) -> object:
    from importlib import import_module

    if name in _HOME:
        value: object = getattr(import_module(f"bpcourse.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"bpcourse.{name}")
    else:
        raise AttributeError(f"module 'bpcourse' has no attribute {name!r}")
    globals()[name] = value  # the next look-up does not come here
    return value


if not TYPE_CHECKING:  # a type checker would take any name at all for one of ours
    __getattr__ = _load


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
