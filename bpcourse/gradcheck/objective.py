"""f, called at points near the parameters, which are always put back bit for bit."""

import math

import numpy as np

DOMAIN_ERRORS = (ValueError, ArithmeticError)  # what f may raise where it is not defined
STACK = 1_000_000  # numbers in one stack for f.batch


class Objective:
    """f on ``tree``; ``base`` holds the point around which it is looked at.

    ``calls`` counts evaluations. Every method leaves the parameters at ``base``.
    """

    def __init__(self, f, tree):
        self.f = f
        self.tree = tree
        self.arrays = tree.arrays
        self.flat = [a.reshape(-1) if a.flags.c_contiguous else a.flat for a in tree.arrays]
        self.base = [a.copy() for a in tree.arrays]
        self.base_flat = [a.reshape(-1) for a in self.base]
        self.calls = 0
        self.batch = getattr(f, "batch", None)

    def __call__(self):
        """f where the parameters are now, as a float. TypeError unless it is one real number."""
        self.calls += 1
        value = self.f(self.tree.value)
        return value if type(value) is float else as_number(value)

    def guarded(self):
        """f where the parameters are now; NaN where f says that it is not defined."""
        try:
            return self()
        except DOMAIN_ERRORS as error:
            # Does f refuse this point, and only this point? Then it is outside f's domain.
            try:
                self()
            except DOMAIN_ERRORS:
                here = [a.copy() for a in self.arrays]
                self.restore()
                self()
                for array, values in zip(self.arrays, here, strict=True):
                    array[...] = values
                return math.nan
            raise error

    def at_entry(self, k, i, value):
        """f with entry i (flat) of array k set to value."""
        flat = self.flat[k]
        flat[i] = value
        result = self.guarded()
        flat[i] = self.base_flat[k][i]
        return result

    def each(self, k, index, values):
        """f with one entry after the other set to its value: an array of f."""
        if self.batch is not None:
            return self._stacked(k, index, values)
        flat, base, f, at = self.flat[k], self.base_flat[k], self.guarded, index.tolist()
        result = np.empty(len(at))
        for n, (i, value) in enumerate(zip(at, values, strict=True)):
            flat[i] = value
            result[n] = f()
            flat[i] = base[i]
        return result

    def _stacked(self, k, index, values):
        """The same through f.batch, which takes each array with one more axis in front."""
        result, batch = np.empty(len(index)), self.f.batch
        entries = sum(a.size for a in self.arrays)
        rows = max(1, STACK // entries)
        for start in range(0, len(index), rows):
            part = slice(start, start + rows)
            count = len(index[part])
            stacks = [np.broadcast_to(a, (count, *a.shape)) for a in self.arrays]
            stack = np.repeat(self.base[k][None], count, axis=0)
            stack.reshape(count, -1)[np.arange(count), index[part]] = values[part]
            stacks[k] = stack
            out = np.asarray(batch(self.tree.rebuild(stacks)))
            if out.shape != (count,):
                raise TypeError(
                    f"f.batch: expected one number for each of the {count} stacked parameters, "
                    f"shape ({count},), got shape {out.shape}"
                )
            result[part] = out
            self.calls += count
        return result

    def at_entries(self, k, index, values):
        """f with the entries ``index`` (flat) of array k set to ``values``."""
        flat = self.flat[k]
        flat[index] = values
        result = self.guarded()
        flat[index] = self.base_flat[k][index]
        return result

    def at(self, arrays):
        """f with every array replaced."""
        for array, values in zip(self.arrays, arrays, strict=True):
            array[...] = values
        result = self.guarded()
        self.restore()
        return result

    def restore(self):
        for array, values in zip(self.arrays, self.base, strict=True):
            array[...] = values

    def move_base(self, arrays):
        """Look around another point from now on."""
        for array, values in zip(self.base, arrays, strict=True):
            array[...] = values
        self.restore()

    def changed(self):
        """The name of the first array that is not as it was left, or None."""
        for name, array, values in zip(self.tree.names, self.arrays, self.base, strict=True):
            now = np.asarray(array)  # compared by value: a longdouble has padding
            if not np.array_equal(now, values) or (np.signbit(now) != np.signbit(values)).any():
                return name
        return None


def as_number(value):
    """What f returned, as a float. TypeError unless it is one real number."""
    if isinstance(value, float | int | np.floating | np.integer):
        return float(value)
    array = np.asarray(value)
    if array.dtype.kind == "c" and array.size == 1:
        raise TypeError("f: expected a real number, got a complex one")
    if array.dtype.kind not in "buif":
        raise TypeError(f"f: expected a number, got {type(value).__name__}")
    if array.size != 1:
        raise TypeError(
            f"f: expected a single number (a loss), got an array of shape {array.shape}; "
            "take its sum or mean"
        )
    return float(array.reshape(()))
