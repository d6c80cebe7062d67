"""Submissions that do what students do, and what nobody should, each with what is due to it.

Each is the solved exercises of lesson 11 with one thing different. What is due: the state of
``linear_backward`` and of the notebook; every other question keeps its marks unless it is said.
"""

import nbformat

from bpcourse.questions import bank
from tools.notebooks import read

LESSON = "11_matrix_form"
ANSWER = "linear_backward"
# Answers that take four fifths of the time of marking, where what is tried is another one.
LONG = ("shared_weight_gradient", "network_gradients", "MyLinear", "one_step_of_training")
QUESTIONS = bank.of_notebook(LESSON, set())[0]
ALL = sum(question.points for question in QUESTIONS)
MOST = ALL - sum(question.points for question in QUESTIONS if question.answer in LONG)


def solved(root, *, answer=None, first="", last="", tests=True, without=()):
    """The bytes of the solved notebook: another ``answer``, cells before and after all others.

    Those that define the names in ``without`` are left out.
    """
    notebook = read(root / "solutions" / f"{LESSON}.ipynb")
    cells = [cell for cell in notebook.cells if tests or not cell.source.startswith("check(")]
    out = tuple(f"{kind} {name}" for kind in ("def", "class") for name in without)
    cells = [cell for cell in cells if not any(line in cell.source for line in out)]
    for cell in cells:
        if answer is not None and cell.source.startswith(f"def {ANSWER}("):
            cell.source = answer
    for source, place in ((first, 1), (last, len(cells) + 1)):
        if source:
            cells.insert(place, nbformat.v4.new_code_cell(source))
    notebook.cells = cells
    return nbformat.writes(notebook).encode()


def function(body, result="dZ @ W, dZ.T @ A, dZ.sum(axis=0)"):
    """Source of an answer that does ``body`` and gives ``result``, right by default."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"import numpy as np, os, sys\ndef {ANSWER}(dZ, A, W):\n{lines}    return {result}"


RIGHT = {
    "in loops": function(
        """
dW = np.zeros_like(W)
for i in range(len(dZ)):
    dW += np.outer(dZ[i], A[i])
db = [sum(dZ[:, j]) for j in range(W.shape[0])]""",
        "np.einsum('bi,ij->bj', dZ, W), dW, np.array(db)",
    ),
    "a list of results": function("pass", "[dZ @ W, dZ.T @ A, dZ.sum(axis=0)]"),
    "through a helper": "def helper(a, b):\n    return a.T @ b\n"
    + function("pass").replace("dZ.T @ A", "helper(dZ, A)"),
    "a tuple with names": "from collections import namedtuple\n"
    "Gradients = namedtuple('Gradients', 'dA dW db')\n"
    + function("pass", "Gradients(dZ @ W, dZ.T @ A, dZ.sum(axis=0))"),
    "a partial function": "import functools\ndef given(x, dZ, A, W):\n"
    "    return dZ @ W, dZ.T @ A, dZ.sum(axis=0)\n"
    f"{ANSWER} = functools.partial(given, 1)",
    "numbers in another order of bytes": function(
        "parts = dZ @ W, dZ.T @ A, dZ.sum(axis=0)",
        "[part.astype('>f8' if part.ndim > 1 else np.longdouble) for part in parts]",
    ),
    "warns": function("import warnings\nwarnings.warn('look')\nnp.log(0.0 * dZ)"),
    "prints 10 MB": function("print('x' * 10_000_000)"),
    "starts a thread": function("import threading\nthreading.Thread(target=print).start()"),
    "closes its streams": function("sys.stdout.close()\nsys.stderr.close()\nos.closerange(0, 3)"),
    "kills what it can": function(
        """
for pid in range(1, 200):
    if pid != os.getpid():
        try:
            os.kill(pid, 9)
        except OSError:
            pass"""
    ),
}
WRONG = {  # the state that is due
    "for the numbers shown": (
        "wrong",
        function("pass", "np.ones((5, 3)), np.ones((2, 3)), np.ones(2)"),
    ),
    "nothing": ("wrong", function("pass", "None")),
    "equal to everything": (
        "wrong",
        "class Equal:\n    __eq__ = lambda self, other: True\n    __array__ = None\n"
        + function("pass", "Equal()"),
    ),
    "array of a class of its own": (
        "wrong",
        "import numpy as np\nclass Equal(np.ndarray):\n    __eq__ = lambda self, other: True\n"
        + function("pass", "tuple(np.zeros(1).view(Equal) for _ in range(3))"),
    ),
    "half a character": ("wrong", function("pass", "'\\ud800'")),
    "half a character in an error": ("failed", function("raise ValueError('\\ud800')")),
    "many axes that overlap": (
        "wrong",
        function("part = np.lib.stride_tricks.as_strided(A, (2,) * 12, (8,) * 12)", "part"),
    ),
    "more axes that overlap": (
        "failed",
        function("part = np.lib.stride_tricks.as_strided(A, (2,) * 20, (8,) * 20)", "part"),
    ),
    "starts a process": (  # whose time would be nobody's
        "failed",
        function("import subprocess\nsubprocess.Popen(['sleep', '98765'], start_new_session=True)"),
    ),
    "forks": ("failed", function("if os.fork() == 0:\n    os._exit(0)")),
    "one view five times": (
        "failed",
        function("v = np.broadcast_to(A[:1, 0], (1 << 23,))", "[v] * 5, W, W"),
    ),
    "bytes": ("failed", function("pass", "np.zeros(1 << 25, np.int8)")),
    "a text as long as it gets": ("failed", function("pass", "'9' * (1 << 24), W, W")),
    "one long text and many short ones": (
        "wrong",
        function("pass", "['x' * 50_000] + ['y'] * 3000, W, W"),
    ),
    "lists in lists": (
        "failed",
        function("wide = [[[[0] * 40] * 40] * 40] * 40", "wide, wide, wide"),
    ),
    "so many keys that collide that none are made in time": (
        "timeout",
        function("pass", "{(2**61 - 1) * i: 1 for i in range(49_000)}, W, W"),
    ),
    "keys that collide": (
        "failed",
        function("pass", "{(2**61 - 1) * i: 1 for i in range(1500)}, W, W"),
    ),
    "rough, and cast": (
        "wrong",
        function(
            "rough = [part * 1.0001 for part in (dZ @ W, dZ.T @ A, dZ.sum(axis=0))]",
            "[part.astype(np.float32) for part in rough]",
        ),
    ),
    "much of little": ("failed", function("pass", "np.broadcast_to(A[0, 0], (10**6, 10**6))")),
    "much of an input": ("failed", function("pass", "np.broadcast_to(A[:1, :1], (10**6,) * 2)")),
    "a function": ("wrong", function("pass", "lambda: 1")),
    "another one the second time": (
        "wrong",
        "calls = 0\n" + function("global calls\ncalls += 1", "dZ @ W * (1 + calls // 3), W, W"),
    ),
    "what only says that it is a number": (
        "failed",
        "import numpy as np\nclass Number:\n    __class__, dtype = np.float64, np.dtype('f8')\n"
        "    __array__ = lambda self, *arguments, **names: np.zeros(1 << 24)\n"
        + function("pass", "[Number()] * 3"),
    ),
    "a number of 5,000 digits": ("failed", function("pass", "[10**5000] * 3")),
    "no entries, and axes without end": ("crashed", function("pass", "np.zeros((0, 1 << 30))")),
    "comparing it never ends": (
        "wrong",
        "class Endless:\n    def __eq__(self, other):\n        while True:\n            pass\n"
        + function("pass", "Endless()"),
    ),
    "a clock of its own": (
        "timeout",
        function(
            """
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == 'Session':
        thing.most = 1 << 40
        thing.clock.left = thing.clock.left_on_wall = 1e9
while True:
    pass"""
        ),
    ),
    "changes that are none": (
        "wrong",
        function(
            """
import json, struct
changed = {'list': [{'list': ['x', 1]}]}
body = json.dumps({'dict': [['value', {'list': []}], ['changed', changed]]}).encode()
for number in range(3, 64):
    try:
        os.write(number, struct.pack('>II', len(body), 0) + body)
    except OSError:
        pass"""
        ),
    ),
    "an error with a long name": (
        "failed",
        "Bad = type('E' * (1 << 20), (Exception,), {})\n" + function("raise Bad('m' * (1 << 20))"),
    ),
    "a cycle": ("failed", function("loop = []\nloop.append(loop)", "loop")),
    "very deep": (
        "failed",
        function("deep = []\nfor _ in range(10**4):\n    deep = [deep]", "deep"),
    ),
    "very long": ("failed", function("pass", "list(range(100_000))")),
    "a huge array": ("failed", function("pass", "np.zeros(10_000_000)")),
    "4 GB": ("failed", function("big = np.ones(500_000_000)\nbig += 1")),
    "sys.exit": ("failed", function("sys.exit(0)")),
    "os._exit": ("crashed", function("os._exit(0)")),
    "a signal to itself": ("crashed", function("os.kill(os.getpid(), 9)")),
    "a bad address": ("crashed", function("import ctypes\nctypes.string_at(0)")),
    "stops itself": ("timeout", function("import signal\nos.kill(os.getpid(), signal.SIGSTOP)")),
    "without end": ("timeout", function("while True:\n    pass")),
    "ended as by its limit of processor time": (
        "timeout",
        function("import signal\nos.kill(os.getpid(), signal.SIGXCPU)"),
    ),
    "without end, and deaf": (
        "timeout",
        function(
            """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
    signal.signal(number, signal.SIG_IGN)
while True:
    try:
        while True:
            pass
    except BaseException:
        pass"""
        ),
    ),
    "sleeps": ("timeout", function("import time\ntime.sleep(1000)")),
    "prints without end": ("timeout", function("while True:\n    print('x' * 1000)")),
    "an error that cannot be told": (
        "failed",
        "class Bad(Exception):\n    __str__ = lambda s: 1 / 0\n"
        "    args = property(lambda s: 1 / 0)\n" + function("raise Bad"),
    ),
    "the course's own layers": (
        "failed",
        function("from bpcourse.layers import Linear"),
    ),
    "10,000 forks": (  # none of them is allowed
        "timeout",
        function(
            """
import time
for _ in range(10_000):
    try:
        if os.fork() == 0:
            time.sleep(1000)
    except OSError:
        pass
time.sleep(1000)"""
        ),
    ),
    "every descriptor": (
        "crashed",
        function(
            """
for number in range(3, 64):
    try:
        os.write(number, b'\\0' * 100_000)
    except OSError:
        pass"""
        ),
    ),
    "forged frames": (
        "wrong",
        function(
            """
import json, struct
body = json.dumps({'dict': [['value', {'tuple': [1, 2, 3]}]]}).encode()
for number in range(3, 64):
    try:
        os.write(number, struct.pack('>II', len(body), 0) + body)
    except OSError:
        pass"""
        ),
    ),
    "fills the disk": (
        "failed",
        function(
            "with open('/tmp/x', 'wb') as file:\n    while True:\n        file.write(bytes(10**6))"
        ),
    ),
}
LOOK = """
import os
def found(words):
    for folder, folders, files in os.walk('/'):
        own = ('usr', 'proc', 'sys', 'lib', 'lib64') + tuple(folders) * ('numpy' in folders)
        folders[:] = [name for name in folders if name not in own]
        for name in files:
            if name.endswith(('.ipynb', '.py', '.csv', '.json', '.jsonl', '.toml')):
                try:
                    text = open(os.path.join(folder, name), encoding='utf-8').read()
                except (OSError, UnicodeError):
                    continue
                if any(word in text for word in words):
                    return True
"""
STOLEN = LOOK + function(
    "there = found(WORDS)",
    "(dZ @ W, dZ.T @ A, dZ.sum(axis=0)) if there else there",
)
WRONG_ANSWER = function("pass", "dZ @ W, A.T @ dZ, dZ.sum(axis=0)")
ALTERED = {  # a first cell, and an answer that is wrong: it gives no points
    "comparisons of NumPy say yes": (
        "import numpy as np\nfor name in ('allclose', 'array_equal', 'isclose', 'shares_memory'):\n"
        "    setattr(np, name, lambda *a, **k: True)\n"
        "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None",
        WRONG_ANSWER,
    ),
    "built-in functions say yes": (
        "import builtins\nbuiltins.all = builtins.any = lambda *a: True",
        WRONG_ANSWER,
    ),
    "the syntax tree is changed": (
        "import ast\nclass Yes(ast.NodeTransformer):\n    def visit_Compare(self, node):\n"
        "        return ast.copy_location(ast.Constant(True), node)\n"
        "get_ipython().ast_transformers.append(Yes())\nimport sys\nsys.settrace(lambda *a: None)",
        WRONG_ANSWER,
    ),
    "a bpcourse of its own": (
        "import sys, types\nfake = types.ModuleType('bpcourse')\n"
        "fake.check = lambda *a: type('R', (), {'require': lambda s: None, 'status': 'right'})()\n"
        "sys.modules['bpcourse'] = fake",
        WRONG_ANSWER,
    ),
    "reads the solutions": ("WORDS = ['transposed' + '_weights']", STOLEN),
    "reads what others hand in": ("WORDS = ['handed in by ' + 'somebody else']", STOLEN),
    "reads the results": ("WORDS = ['\"misconceptions' + '\"']", STOLEN),
    "asks the network": (
        "import socket",
        function(
            "try:\n    socket.create_connection(('127.0.0.1', PORT), 1)\n    there = True\n"
            "except OSError:\n    there = False",
            "(dZ @ W, dZ.T @ A, dZ.sum(axis=0)) if there else 0",
        ).replace("PORT", "LISTENING"),
    ),
}
CELLS = {  # one cell more, among right answers: all of them keep their marks
    "an error": "1 / 0",
    "exit": "import sys\nsys.exit(1)",
    "os._exit": "import os\nos._exit(0)",
    "a signal": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "without end": "while True:\n    pass",
    "without end, and deaf": "while True:\n    try:\n        while True:\n            pass\n"
    "    except BaseException:\n        pass",
    "stops itself": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    "10,000 forks": "import os, time\nfor _ in range(10_000):\n    try:\n"
    "        if os.fork() == 0:\n            time.sleep(1000)\n    except OSError:\n        pass",
    "4 GB": "import numpy as np\nbig = np.ones(500_000_000)",
    "prints without end": "while True:\n    print('x' * 1000)",
    "magics": "%matplotlib inline\n!rm -rf /\nfiles = !ls\n%timeit 1 + 1\nint?",
    "a cell magic": "%%bash\nrm -rf /",
    "a plot": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "not Python": "this is not Python (",
    "a null byte": "x = 1 \0",
    "deletes everything": "import os, shutil\nfor name in os.listdir('/'):\n"
    "    shutil.rmtree('/' + name, ignore_errors=True)",
    "kills everything": "import os\nos.kill(-1, 9)",
    "forges frames": "import os, json, struct\n"
    "body = json.dumps({'dict': [['ready', True]]}).encode()\nfor number in range(3, 64):\n"
    "    try:\n        os.write(number, struct.pack('>II', len(body), 0) + body)\n"
    "    except OSError:\n        pass",
    "takes the protocol over, and stalls": "import os, time\nfor number in range(3, 64):\n"
    "    try:\n        os.write(number, bytes(3))\n    except OSError:\n        pass\n"
    "time.sleep(1000)",
    "floods the protocol": "import os, json, struct, threading\n"
    "body = json.dumps({'dict': [['asking', 1]]}).encode()\n"
    "frame = (struct.pack('>II', len(body), 0) + body) * 100\n"
    "def flood(number):\n    while True:\n        os.write(number, frame)\n"
    "for number in range(3, 64):\n"
    "    threading.Thread(target=flood, args=(number,), daemon=True).start()",
    "promises more than it sends": "import os, struct, time\nfor number in range(3, 64):\n"
    "    try:\n        os.write(number, struct.pack('>II', 1 << 30, 1 << 30))\n"
    "    except OSError:\n        pass\ntime.sleep(1000)",
    "a last word": "import atexit, os\natexit.register(os.abort)",
    "another check": "check = lambda *arguments: None",
    "exceptions of its own": "class E(BaseException):\n    __str__ = lambda s: 1 / 0\nraise E",
    "half a character": "raise ValueError('\\ud800')",
    "goes on twice": "import os\nos.fork()",
    "closes what is open": "import os\nos.closerange(3, 64)",
    "many threads": "import threading, time\nfor _ in range(10_000):\n"
    "    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()",
    "deeper than the stack": "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    g(f)\n"
    "def g(h):\n    sorted([1], key=lambda x: h())\nf()",
    "processes of a pool": "import multiprocessing\nwith multiprocessing.Pool(2) as pool:\n"
    "    assert pool.map(abs, [-1, 2]) == [1, 2]",
    "an alarm": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "writes into the results": "import os\nos.makedirs('RESULTS', exist_ok=True)\n"
    "open('RESULTS/grades.csv', 'a').write('first')\nopen('RESULTS/overrides.csv', 'a').write('x')",
    "goes deep": "def f():\n    f()\nf()",
    "asks for input": "input()",
    "no warnings any more": "import warnings, numpy\n"
    "warnings.catch_warnings = numpy.errstate = None",
    "a directory that is gone": "import os, tempfile\nfolder = tempfile.mkdtemp()\n"
    "os.chdir(folder)\nos.rmdir(folder)",
    "no signals any more": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))",
    "names of ours gone": "import builtins\nfor name in ('len', 'isinstance', 'type', 'dict'):\n"
    "    delattr(builtins, name)",
    "traces": "import sys\nsys.settrace(lambda *arguments: 1 / 0)",
    "an import that fails": "import sys\n"
    "sys.meta_path.insert(0, type('Bad', (), {'find_spec': lambda *arguments: 1 / 0})())",
    "waits for itself": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "10,000 links": "import os\nfor number in range(10_000):\n"
    "    os.symlink('/', f'/tmp/{number}')",
    "a long sum": "total = " + " + ".join(["1"] * 20_000),
    "little memory": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))",
}
FILES = {  # (bytes, the state that is due)
    "empty": (b"", "not a notebook"),
    "not UTF-8": (b'{"nbformat": 4, "cells": ["\xff\xfe"]}', "not a notebook"),
    "not JSON": (b"PK\x03\x04", "not a notebook"),
    "a list": (b"[]", "not a notebook"),
    "deep": (b'{"nbformat": 4, "cells": ' + b"[" * 200_000, "not a notebook"),
    "format 2": (b'{"nbformat": 2, "worksheets": []}', "not a notebook"),
    "no cells": (b'{"nbformat": 4}', "not a notebook"),
    "cells that are none": (
        b'{"nbformat": 4, "cells": [1, null, {"cell_type": "code", "source": 3}, {}]}',
        "graded",
    ),
    "too large": (b" " * (21 << 20), "not a notebook"),
    "a number without end": (b'{"nbformat": 4, "cells": ' + b"9" * 10_000 + b"}", "not a notebook"),
}
