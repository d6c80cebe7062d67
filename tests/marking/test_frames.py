"""Plain data comes through as it was; nothing else comes through at all."""

import json
import struct
from collections import defaultdict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bpcourse.marking.inside.frames import HEAD, FrameError, TooLargeError, pack, unpack

NUMBERS = st.sampled_from("b1 i1 i2 i4 i8 u1 u8 f2 f4 f8 c8 c16".split()).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text()
    | st.just(...) | NUMBERS,
    lambda inner: st.lists(inner, max_size=4)
    | st.lists(inner, max_size=4).map(tuple)
    | st.dictionaries(st.text() | st.integers(-(2**31) + 1, 2**31 - 1), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def there_and_back(message, **how):
    return unpack(*parts(pack(message)), **how)


def parts(data):
    text_size, raw_size = HEAD.unpack(data[: HEAD.size])
    text = data[HEAD.size : HEAD.size + text_size]
    raw = data[HEAD.size + text_size :]
    assert len(raw) == raw_size
    return text, raw


def same(a, b):
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(
            a, b, equal_nan=a.dtype.kind in "fc"
        ) and a.shape == b.shape  # fmt: skip
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and (a == b or a != a)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(value):
    assert same(there_and_back({"value": value})["value"], value)


def test_what_is_a_tuple_or_a_dict_with_more_to_it_comes_as_a_plain_one():
    """As ``check`` takes it: who counts with a ``defaultdict`` has not answered wrongly."""
    pair = namedtuple("Pair", "x y")(1, [2.0])
    counted = defaultdict(int, {"a": 1})
    assert same(there_and_back({"value": [pair, counted]})["value"], [(1, [2.0]), {"a": 1}])


def test_an_array_that_lies_in_an_input_lies_in_the_callers():
    rng = np.random.default_rng(0)
    theirs, ours = rng.normal(size=(3, 4)), np.zeros((3, 4))
    for part in (theirs, theirs[1:], theirs.T, theirs[:, ::2], theirs[::-1, 1], theirs.ravel()):
        data = pack({"value": part}, views=[theirs])
        ours[...] = theirs
        came = unpack(*parts(data), arrays=[ours])["value"]
        assert np.shares_memory(came, ours)
        assert np.array_equal(came, part)


class Pretender(int):
    __class__ = int


@pytest.mark.parametrize(
    "value",
    [object(), Pretender(3), np.zeros(2).view(np.matrix), np.array([None]), np.array(["a"]), {1, 2},
     type("L", (list,), {})(), np.ma.array([1.0]), b"bytes", range(3)],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_only_looks_like_plain_data_is_refused(value):
    with pytest.raises(FrameError, match="plain data"):
        pack({"value": value})


@pytest.mark.parametrize(
    "value", [np.zeros(1 << 24), np.zeros(2000, np.int8), list(range(2000)), "x" * (5 << 20)]
)
def test_what_is_too_large_is_refused_before_it_is_sent(value):
    with pytest.raises(TooLargeError, match="more than"):
        pack({"value": value}, most=1000)


KEYS = [(2**61 - 1) * i for i in range(1000)]  # Python puts all of them into one place
DEEP: dict = {"list": []}
for _ in range(50):
    DEEP = {"list": [DEEP]}


@pytest.mark.parametrize(
    "tree",
    [
        {"dict": [["value", {"list": [{"array": ["|b1", [600], 0]}] * 2}]]},  # at one place
        {"dict": [["value", {"list": [{"view": [0, "<f8", [600], 0, [0]]}] * 2}]]},
        {"dict": [["value", {"array": ["|i1", [0, 1 << 20, 0], 0]}]] * 1000},
        {"dict": [["value", {"dict": [[key, None] for key in KEYS]}]]},
        {"dict": [["value", {"dict": [[1.5, None], [True, None]]}]]},
        {"dict": [["value", {"dict": [[{"tuple": [1]}, None]]}]]},
        {"dict": [["value", {"dict": [[1, 2, 3]]}]]},
        {"dict": [["value", DEEP]]},
        {"dict": [["value", {"list": [[1]] * 2000}]]},
    ],
    ids=lambda tree: str(tree)[:40],
)
def test_a_forged_frame_that_holds_much_in_little_is_refused(tree):
    with pytest.raises(FrameError):
        unpack(json.dumps(tree).encode(), bytes(600), arrays=[np.zeros(4)], most=1000)


def test_digits_without_end_are_refused():
    for number in ("9" * 10**6, "1e" + "9" * 10**5, "-" + "1" * 5000):
        text = f'{{"dict": [["value", {number}]]}}'.encode()
        try:
            value = unpack(text, b"")["value"]
        except FrameError:
            continue
        assert value == float("inf")


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {"dict": 3},
        {"dict": [["value", {"array": ["<f8", [2], 0]}]]},  # outside of its bytes
        {"dict": [["value", {"array": ["<f8", [1], -8]}]]},
        {"dict": [["value", {"array": ["<f8", [-1], 0]}]]},
        {"dict": [["value", {"array": ["<f8", [1 << 40, 1 << 40], 0]}]]},
        {"dict": [["value", {"array": ["O", [1], 0]}]]},
        {"dict": [["value", {"array": ["<f8", "2", 0]}]]},
        {"dict": [["value", {"array": ["<f8", [1]]}]]},
        {"dict": [["value", {"array": ["<f8", [True], 0]}]]},
        {"dict": [["value", {"view": [0, "<f8", [9], 0, [8]]}]]},
        {"dict": [["value", {"view": [0, "<f8", [1], -8, [8]]}]]},
        {"dict": [["value", {"view": [0, "<f8", [1], 0, [1 << 70]]}]]},
        {"dict": [["value", {"view": [0, "<f8", [1 << 20, 1 << 20], 0, [0, 0]]}]]},
        {"dict": [["value", {"view": [5, "<f8", [1], 0, [8]]}]]},
        {"dict": [["value", {"handle": [0, "f", "function"]}]]},
        {"dict": [["value", {"os.system": ["ls"]}]]},
        {"dict": [[{"list": []}, 1]]},
        {"dict": [["value", {"complex": [1]}]]},
        {"dict": [["value", {"list": [1], "tuple": [1]}]]},
    ],
    ids=str,
)
def test_a_forged_frame_is_refused(tree):
    with pytest.raises(FrameError):
        unpack(json.dumps(tree).encode(), bytes(8), arrays=[np.zeros(4)])


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b"NaN"])
def test_bytes_that_are_no_frame_are_refused(text):
    with pytest.raises(FrameError):
        unpack(text, b"")


def test_the_sizes_of_a_frame_are_limited():
    import socket

    from bpcourse.marking.inside.frames import receive

    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">II", 1 << 31, 0))
        with pytest.raises(FrameError, match="more than"):
            receive(ours)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            receive(ours)


def test_a_frame_that_comes_byte_by_byte_is_late():
    import socket
    import threading
    import time

    from bpcourse.marking.inside.frames import receive

    ours, theirs = socket.socketpair()

    def trickle():
        try:
            for byte in pack({"value": "x" * 100}):
                theirs.send(bytes([byte]))
                time.sleep(0.02)
        except OSError:
            pass

    thread = threading.Thread(target=trickle)
    thread.start()
    with theirs:
        with ours, pytest.raises(TimeoutError):
            receive(ours, until=time.monotonic() + 0.1)
        thread.join()
