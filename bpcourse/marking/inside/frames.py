"""Plain data across a socket: JSON for the structure, raw bytes for the numbers; nothing is run.

Read by the side that trusts nothing, so every frame is limited in size and checked field by field.
What is no plain data goes through two hooks: ``reference(value)`` gives its JSON form on the way
out, ``resolve(kind, body, arrays)`` makes something of it on the way in.
"""

import json
import math
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy import shares_memory  # before a notebook puts another one there

Array = np.ndarray[Any, np.dtype[Any]]
Arrays = Sequence[Array]
Reference = Callable[[Any], object]
Resolve = Callable[[str, Any, Any], object]  # with the reader, for what lies within
HEAD = struct.Struct(">II")  # bytes of JSON, bytes of numbers
MOST = 1 << 20  # entries of a message, if nothing else is said: numbers, texts, lists, all together
LETTERS = 32  # of a text are as much as one number
MOST_DEPTH = 40  # lists within lists
MOST_KEY = 1 << 31  # of a dict: there are greater whole numbers that all fall into one place
MOST_AXES = 3  # of a part of another array: whether two parts overlap is hard to say for many
DTYPES = frozenset("|b1 |i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 <f2 <f4 <f8 <c8 <c16".split())


class FrameError(ValueError):
    """A frame is not one: too large, cut short, or not in the form that is agreed on."""


class TooLargeError(FrameError):
    """More than ``most`` entries, counted where they stand: a view or a copy as what it shows."""


def send(
    sock: socket.socket,
    message: dict[Any, Any],
    reference: Reference | None = None,
    views: Arrays = (),
    most: int = MOST,
) -> None:
    """Send one message: a dict of plain data. TooLargeError where it is too large."""
    sock.sendall(pack(message, reference, views, most))


def receive(
    sock: socket.socket,
    resolve: Resolve | None = None,
    arrays: Arrays = (),
    until: float | None = None,
    most: int = MOST,
) -> dict[Any, Any]:
    """The next message, a dict. FrameError for what is none, EOFError at the end.

    TimeoutError where it is not there whole at the time ``until`` of the monotonic clock.
    """
    text_size, raw_size = HEAD.unpack(_exactly(sock, HEAD.size, until))
    if text_size > _most_text(most) or raw_size > 16 * most:
        raise FrameError(f"frame: {text_size} and {raw_size} bytes are more than is allowed")
    text = _exactly(sock, text_size, until)
    return unpack(text, _exactly(sock, raw_size, until), resolve, arrays, most)


def _most_text(most: int) -> int:
    """Characters of JSON for so many entries: each may be a number of 20 digits in a list."""
    return (1 << 16) + 32 * most


def _exactly(sock: socket.socket, count: int, until: float | None) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        if until is not None:  # of the whole: byte by byte it would never end
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
        got = sock.recv_into(view, min(len(view), 1 << 20))
        if got == 0:
            raise EOFError
        view = view[got:]
    return data


def pack(
    message: dict[Any, Any],
    reference: Reference | None = None,
    views: Arrays = (),
    most: int = MOST,
) -> bytes:
    """The bytes of one frame. An array that lies in one of ``views`` is sent as a part of it."""
    writer = _Writer(reference, views, most)
    text = json.dumps(writer.outwards(message)).encode()
    if len(text) > _most_text(most):
        raise TooLargeError(f"frame: {len(text)} bytes of text are more than is allowed")
    return b"".join([HEAD.pack(len(text), writer.size), text, *writer.raw])


def unpack(
    text: bytes | bytearray,
    raw: bytes | bytearray,
    resolve: Resolve | None = None,
    arrays: Arrays = (),
    most: int = MOST,
) -> dict[Any, Any]:
    """The message of the two parts of a frame."""
    try:
        tree = json.loads(bytes(text).decode("utf-8"))
        message = _Reader(raw, resolve, arrays, most).inwards(tree)
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise FrameError(f"frame: {type(error).__name__}: {error}") from None
    if not isinstance(message, dict):
        raise FrameError(f"frame: expected a dict, got {type(message).__name__}")
    return message


def arrays_in(value: object) -> Iterator[Array]:
    """Every array in lists, tuples and dicts, in order: so both sides number them alike."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from arrays_in(entry)
    elif isinstance(value, dict):
        yield from arrays_in(list(value.values()))


class _Counter:
    """Counts entries, and how deep they lie, on the way out and again on the way in."""

    def __init__(self, most: int) -> None:
        self.most, self.entries, self.depth = most, 0, 0

    def count(self, entries: int = 1) -> None:
        self.entries += entries
        if self.entries > self.most:
            raise TooLargeError(f"frame: more than {self.most} entries")

    def each(self, do: Callable[[Any], Any], entries: Iterable[Any]) -> list[Any]:
        """What ``do`` makes of each entry, which lies one deeper."""
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise FrameError(f"frame: more than {MOST_DEPTH} lists within each other")
        done = [do(entry) for entry in entries]
        self.depth -= 1
        return done


class _Writer(_Counter):
    def __init__(self, reference: Reference | None, views: Arrays, most: int) -> None:
        super().__init__(most)
        self.reference, self.views = reference, views
        self.raw: list[bytes] = []
        self.size = 0

    def outwards(self, value: Any) -> Any:
        self.count()
        kind = type(value)  # exactly: a subclass may pretend to be anything
        if kind is str:
            self.count(len(value) // LETTERS)
        if value is None or kind in (bool, int, float, str):
            return value
        if value is ...:
            return {"ellipsis": None}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind is list:
            return {"list": self.each(self.outwards, value)}
        if issubclass(kind, tuple):  # with names for its parts, perhaps
            return {"tuple": self.each(self.outwards, value)}
        if issubclass(kind, dict):  # with a value for what is not there, perhaps
            return {"dict": self.each(self._pair, value.items())}
        if kind is np.ndarray and value.dtype.kind in "biufc":
            return self._part(value) or {"array": self._array(value)}
        if isinstance(value, np.generic) and value.dtype.kind in "biufc":
            return {"scalar": self._array(np.asarray(value))}
        if self.reference is None:
            raise FrameError(f"frame: a {kind.__name__} is no plain data")
        return self.reference(value)

    def _pair(self, pair: tuple[object, object]) -> list[Any]:
        return [_key(pair[0]), self.outwards(pair[1])]

    def _part(self, value: Array) -> dict[str, list[Any]] | None:
        """How an array lies in one of the views; None where it lies in none."""
        for index, whole in enumerate(self.views):
            plain = 0 < value.size <= self.most and value.ndim <= MOST_AXES
            if plain and value.dtype == whole.dtype and shares_memory(value, whole):
                self.count(value.size)
                start = _address(value) - _address(whole)
                place = [list(value.shape), start, list(value.strides)]
                return {"view": [index, value.dtype.str, *place]}
        return None

    def _array(self, value: Array) -> list[Any]:
        self.count(value.size)
        if value.dtype.itemsize > 8 and value.dtype.kind != "c":
            value = value.astype(np.float64)
        little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        start = self.size
        self.raw.append(little.tobytes())
        self.size += len(self.raw[-1])
        return [little.dtype.str, list(value.shape), start]


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


class _Reader(_Counter):
    def __init__(
        self, raw: bytes | bytearray, resolve: Resolve | None, arrays: Arrays, most: int
    ) -> None:
        super().__init__(most)
        self.raw, self.resolve, self.arrays = raw, resolve, arrays

    def inwards(self, tree: Any) -> Any:
        self.count(1 + len(tree) // LETTERS if isinstance(tree, str) else 1)
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            raise FrameError("frame: expected a value and its kind")
        ((kind, body),) = tree.items()
        if kind in ("list", "tuple"):
            entries = self.each(self.inwards, _list(body))
            return entries if kind == "list" else tuple(entries)
        if kind == "dict":
            return dict(self.each(self._pair, _list(body)))
        if kind == "ellipsis":
            return ...
        if kind == "complex":
            real, imaginary = body
            return complex(real, imaginary)
        if kind == "array":
            return self._array(*body)
        if kind == "scalar":
            return self._array(*body)[()]
        if kind == "view":
            return self._view(*body)
        if self.resolve is None:
            raise FrameError(f"frame: unknown kind {kind!r}")
        return self.resolve(kind, body, self)

    def _pair(self, pair: Any) -> tuple[str | int, Any]:
        key, value = pair
        return _key(key), self.inwards(value)

    def _array(self, name: object, sizes: object, start: object) -> Array:
        dtype, shape = _dtype(name), _shape(sizes)
        count = math.prod(shape)
        self.count(count)
        if not isinstance(start, int) or not 0 <= start <= len(self.raw) - count * dtype.itemsize:
            raise FrameError("frame: an array that lies outside of its bytes")
        if count == 0:
            return np.zeros(shape, dtype)
        return np.frombuffer(self.raw, dtype, count, start).reshape(shape).copy()

    def _view(self, index: int, dtype: str, sizes: object, start: int, strides: list[int]) -> Array:
        whole = self.arrays[index]
        if dtype != whole.dtype.str or not whole.flags.c_contiguous or start < 0:
            raise FrameError("frame: a view that does not fit what it is a view of")
        shape = _shape(sizes)
        self.count(math.prod(shape))  # strides of 0 make much of little
        if len(shape) > MOST_AXES:
            raise FrameError("frame: a view of too many axes")
        return np.ndarray(shape, whole.dtype, whole.data, start, tuple(strides))


def _list(body: object) -> list[Any]:
    if not isinstance(body, list):
        raise FrameError("frame: expected a list")
    return body


def _key(key: object) -> str | int:
    if isinstance(key, str) and type(key) is str:
        return key
    if isinstance(key, int) and type(key) is int and abs(key) < MOST_KEY:
        return key
    raise FrameError("frame: a key that is neither a text nor a small whole number")


def _dtype(name: object) -> np.dtype[Any]:
    if not isinstance(name, str) or name not in DTYPES:
        raise FrameError(f"frame: unknown dtype {name!r}")
    return np.dtype(name)


def _shape(body: object) -> tuple[int, ...]:
    shape = _list(body)
    if not all(type(n) is int and 0 <= n <= MOST for n in shape) or len(shape) > 32:
        raise FrameError("frame: a shape that is none")
    return tuple(shape)
