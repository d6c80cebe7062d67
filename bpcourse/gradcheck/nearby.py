"""Kinks and other special points: the claims are judged at generic points nearby as well."""

import numpy as np

from bpcourse.gradcheck.report import Kink
from bpcourse.gradcheck.setting import direction
from bpcourse.gradcheck.sweep import ENOUGH


class Nearby:
    """Settles what the sweep ``here`` left open: ``found`` holds its findings, array by array."""

    def __init__(self, setting, here, found, mode):
        self.setting, self.here, self.found, self.mode = setting, here, found, mode
        self.kinks: list[dict] = [{} for _ in found]  # {i: Kink}

    def settle(self):
        for k, found in enumerate(self.found):
            self._judge_kinks(k, found, list(found.kinked))
        if callable(self.setting.grad):
            self._confirm()
            if not self.setting.coarse:
                self._look_elsewhere()
        else:
            self._doubt()

    def _judge_kinks(self, k, found, entries):
        if not entries:
            return
        found.kinked = []
        nearby = self._nearby(k, np.array(entries)) if callable(self.setting.grad) else None
        for i in entries:
            judged, scale = found.judged[i]
            left, right = judged.left / scale, judged.right / scale
            claim = self.here.claims[k][i]
            low, high = min(left, right), max(left, right)
            slack = 1e-5 * (high - low) + judged.bound / scale
            inside = low - slack <= claim <= high + slack
            if nearby is not None:
                outcome = nearby[i]
            elif inside or self._near_slope(k, i, claim, scale, high - low):
                outcome = "right"
            else:
                outcome = "unclear"
            self.kinks[k][i] = Kink(left, right, bool(inside))
            if outcome == "wrong":
                found.wrong.append(i)
            elif outcome == "unclear":
                found.unclear.append(i)
        # In a tie of max each claim may fit its own entry, and their sum not the common slope.
        doubted = {*found.wrong, *found.unclear}
        if nearby is None and len(entries) > 1 and not doubted & set(entries):
            if self.here.along_all(k, np.array(entries)) == "wrong":
                found.unclear += entries

    def _nearby(self, k, index):
        """{i: verdict} of the claims for these entries at generic points nearby.

        Wrong needs two points at which some claim is wrong, right two at which this one is. None if
        grad gives the same there, bit for bit: then it is a constant, not a function (all zeros
        apart, which nobody wraps).
        """
        said: dict = {int(i): [] for i in index}
        wrong_at = 0
        constant = any(claims.any() for claims in self.here.claims)
        distance = 1e-2 if self.setting.coarse else 1e-3
        base = [b.copy() for b in self.setting.caller.base]
        try:
            for n, closer in enumerate((1, 1, 1e-2, 1e-2, 1e-4, 1e-4)):
                if n % 2 == 0:  # the points come in pairs, one on each side of every entry
                    ways = [direction(self.setting.rng, b.shape) for b in base]
                else:
                    ways = [-way for way in ways]
                moved = self.setting.generic_point(base, closer * distance, ways)
                if moved is None:
                    break
                value, claims = moved
                same = zip(self.here.claims, claims, strict=True)
                constant &= all(np.array_equal(a, b.reshape(-1)) for a, b in same)
                found = self.setting.sweep(value, claims).run(k, index, self.mode == "grouped")
                verdicts = dict.fromkeys([*found.unclear, *found.kinked], "unclear")
                verdicts |= dict.fromkeys(found.wrong, "wrong")
                rest = "unclear" if len(found.wrong) >= ENOUGH else "right"
                there = claims[k].reshape(-1)
                for i in said:
                    verdict = verdicts.get(i, rest)
                    said[i].append("zero" if verdict == "right" and there[i] == 0 else verdict)
                wrong_at += bool(found.wrong)
                settled = all(self._is_right(k, i, heard) for i, heard in said.items())
                if (wrong_at >= 2 and not constant) or (settled and wrong_at == 0):
                    break
        finally:
            self.setting.move_to(base)
            self.setting.call_again()
        if constant and wrong_at:
            return None
        outcome = {}
        for i, heard in said.items():
            if "wrong" in heard and wrong_at >= 2:
                outcome[i] = "wrong"
            else:
                outcome[i] = "right" if self._is_right(k, i, heard) else "unclear"
        return outcome

    def _is_right(self, k, i, heard):
        """Twice right nearby; and where the claim here is doubted, not with zeros alone.

        A wrong factor does not show where the slope is zero.
        """
        found = self.found[k]
        doubted = i in found.wrong or (i in found.unclear and self.here.claims[k][i] != 0)
        informed = "right" in heard or not doubted
        return informed and heard.count("right") + heard.count("zero") >= 2

    def _near_slope(self, k, i, claim, scale, jump):
        """Does f have this slope at a point close by? (The claim is known only here.)"""
        tolerance = (3e-2 if self.setting.coarse else 3e-5) * max(abs(claim), jump)
        return any(abs(slope - claim) <= tolerance for slope in self._slopes_near(k, i, scale))

    def _slopes_near(self, k, i, scale):
        """The slope of f for this entry at six points close by."""
        distance, step = (3e-2, 3e-3) if self.setting.coarse else (1e-6, 1e-8)
        objective = self.setting.objective
        base = [b.copy() for b in objective.base]
        try:
            for _ in range(6):
                objective.move_base(
                    [
                        b + distance * s.reshape(b.shape) * direction(self.setting.rng, b.shape)
                        for b, s in zip(base, self.setting.scales, strict=True)
                    ]
                )
                x = objective.base_flat[k][i]
                up, down = x + x.dtype.type(step * scale), x - x.dtype.type(step * scale)
                rise = objective.at_entry(k, i, up) - objective.at_entry(k, i, down)
                yield rise / (float(up) - float(down))
        finally:
            objective.move_base(base)

    def _confirm(self):
        """Are wrong claims wrong nearby too?

        Where several kinks meet, f may have one slope on both sides of an entry and
        backpropagation another, outside of both. Other directions then show a kink, or the claims
        nearby are right and equal to the slope found self.here.
        """
        for k, found in enumerate(self.found):
            if not found.wrong or any(i in self.kinks[k] for i in found.wrong):
                continue
            everything = np.arange(self.here.claims[k].size)
            if self.kinks[k] or self.here.kinked(k):
                nearby = self._nearby(k, everything)
                if nearby is None or "wrong" in nearby.values():
                    continue
                found.unclear += [i for i in found.wrong if nearby[i] != "right"]
            else:
                step = max(1e-7, float(np.median([found.judged[i][0].step for i in found.wrong])))
                some = np.array(found.wrong[:ENOUGH])
                if not all(self._special(k, found, at, step) for at in (some, everything)):
                    continue
            for i in found.wrong:
                judged, scale = found.judged[i]
                slope = judged.slope / scale
                self.kinks[k][i] = Kink(slope, slope, False)
            found.wrong = []

    def _doubt(self):
        """Wrong claims of an array where kinks in other directions change the very slope: what
        backpropagation gives there may lie outside of all slopes, and need not be a mistake."""
        part = 1 / 4 if self.setting.coarse else 1 / 100
        for k, found in enumerate(self.found):
            if not found.wrong or not (self.kinks[k] or self.here.kinked(k)):
                continue
            for i in list(found.wrong):
                judged, scale = found.judged[i]
                slope, far = (
                    judged.slope / scale,
                    abs(judged.slope / scale - self.here.claims[k][i]),
                )
                if any(abs(near - slope) > part * far for near in self._slopes_near(k, i, scale)):
                    self.kinks[k][i] = Kink(slope, slope, False)
                    found.wrong.remove(i)
                    found.unclear.append(i)

    def _look_elsewhere(self):
        """Entries that cannot be told here, such as those whose kink is nearer than any step.

        A claim that is right at generic points is a right function of the parameters.
        """
        for k, found in enumerate(self.found):
            left = [i for i in found.unclear if i not in self.kinks[k]]
            nearby = self._nearby(k, np.array(left)) if left else None
            for i, verdict in (nearby or {}).items():
                if verdict != "unclear":
                    found.unclear.remove(i)
                if verdict == "wrong":
                    found.wrong.append(i)

    def _special(self, k, found, index, step):
        """Are the claims for these entries right nearby, and there the slopes found here?"""
        base = [b.copy() for b in self.setting.caller.base]
        try:
            for _ in range(2):
                moved = self.setting.generic_point(base, step)
                if moved is None:
                    return False
                value, claims = moved
                there = claims[k].reshape(-1)[found.wrong]
                slopes, claimed = found.numerical[found.wrong], self.here.claims[k][found.wrong]
                if (abs(there - slopes) > abs(claimed - slopes) / 4).any():
                    return False
                nearby = self.setting.sweep(value, claims).run(k, index, self.mode == "grouped")
                if nearby.wrong or nearby.unclear or set(nearby.kinked) & set(found.wrong):
                    return False
            return True
        finally:
            self.setting.move_to(base)
            self.setting.call_again()
