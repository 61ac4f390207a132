"""Z under each reading of "the size of the feature map" (Eq. 5), as concave programs need it.

"nominal", "area" and "log-channels" weigh the entropies by numbers, so that Z itself is
concave in the logarithms of the widths. "volume" multiplies an entropy by its own width;
over a box of widths that product lies nowhere above a sum that is concave again.
"""

from __future__ import annotations

import numpy as np

from engine.optimum.interior import bounds
from engine.optimum.skeletons import Skeletons, Weights
from engine.optimum.space import Floats, Ints
from engine.scorers.objective import z_weights
from engine.settings import Objective
from engine.structure import LEVELS

#: how near to its largest value each entropy is bounded, as a share
NEAR = 1e-3


class Reading:
    """Of a reading whose Z is concave.

    plain: weights that do for costs, which no reading changes.
    """

    def __init__(self, objective: Objective, skeletons: Skeletons):
        self.skeletons = skeletons
        entropies = np.array(z_weights(objective, (0,) * len(LEVELS)))[:, None]
        logs = np.zeros((len(LEVELS), 1))
        if objective.size == "log-channels":
            logs[:, 0] = objective.alphas
        self.plain = Weights(entropies, logs, np.zeros(1))

    def prepare(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Find out what `weights` needs of skeletons; lower, upper: boxes of log widths."""

    def weights(self, rows: Ints, lower: Floats, upper: Floats) -> Weights:
        """Of a concave function that lies nowhere below Z in these boxes."""
        return self.plain

    def value(self, row: Ints, x: Floats) -> Floats:
        """Z of one skeleton at points x, (variables, N)."""
        return self.skeletons.program(row, self.plain).value(x)

    def missing(self, rows: Ints, lower: Floats, upper: Floats, x: Floats) -> Floats:
        """What dividing a box along each variable can take from its bound at most, besides
        what rounding does, (variables, N)."""
        return np.zeros_like(x)


class Volume(Reading):
    """Z = Σ α area C H. With H at most h in all boxes of a skeleton, l the least width of
    a box and C between l and its chord over the box in log C,

        C H <= l H + h (C - l) <= l H + h (chord - l),

    since (C - l)(h - H) >= 0: concave, and exact where the box is one width.
    """

    def __init__(self, objective: Objective, skeletons: Skeletons):
        super().__init__(objective, skeletons)
        self._factors = np.array(z_weights(objective, (1,) * len(LEVELS)))
        self._levels = [level for level, factor in enumerate(self._factors) if factor]
        self._highest = np.full((len(LEVELS), len(skeletons)), np.nan)

    def prepare(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Bound each entropy of the skeletons that are new, at least 0."""
        new = np.flatnonzero(np.isnan(self._highest[self._levels[0], rows]))
        if not new.size:
            return
        for level in self._levels:
            alone = _zeros(1)
            alone.entropies[level] = 1
            program = self.skeletons.program(rows[new], alone)
            found = bounds(program, lower[:, new], upper[:, new], tolerance=NEAR)
            self._highest[level, rows[new]] = np.maximum(0.0, found.bound)

    def _chords(self, level: int, lower: Floats, upper: Floats) -> tuple[Floats, Floats, Floats]:
        """(least width, slope of the chord, log of the least width) of a level, (N,) each."""
        place = self.skeletons.widths.ends[level]
        if place < 0:
            image = np.full(lower.shape[1], self.skeletons.image)
            return image, np.zeros_like(image), np.log(image)
        low, high = lower[place], upper[place]
        apart = np.maximum(high - low, 1e-300)
        slope = np.where(high > low, (np.exp(high) - np.exp(low)) / apart, 0.0)
        return np.exp(low), slope, low

    def weights(self, rows: Ints, lower: Floats, upper: Floats) -> Weights:
        """Of the sum above."""
        found = _zeros(len(rows))
        for level in self._levels:
            least, slope, low = self._chords(level, lower, upper)
            steep = self._factors[level] * self._highest[level, rows] * slope
            found.entropies[level] = self._factors[level] * least
            found.logs[level] = steep
            found.constant[:] -= steep * low
        return found

    def _entropies(self, row: Ints, x: Floats) -> Floats:
        """H of each level that counts, (levels, N)."""
        entropies = []
        for level in self._levels:
            alone = _zeros(1)
            alone.entropies[level] = 1
            entropies.append(self.skeletons.program(row, alone).value(x))
        return np.array(entropies)

    def _width(self, level: int, x: Floats) -> Floats:
        place = self.skeletons.widths.ends[level]
        found: Floats = (
            np.exp(x[place]) if place >= 0 else np.full(x.shape[1], self.skeletons.image)
        )
        return found

    def value(self, row: Ints, x: Floats) -> Floats:
        """Z at the points."""
        found = np.zeros(x.shape[1])
        for level, entropy in zip(self._levels, self._entropies(row, x)):
            found += self._factors[level] * self._width(level, x) * entropy
        return found

    def missing(self, rows: Ints, lower: Floats, upper: Floats, x: Floats) -> Floats:
        """How far the sum above is from Z at x, for each width."""
        found = np.zeros_like(x)
        for level, entropy in zip(self._levels, self._entropies(rows, x)):
            place = self.skeletons.widths.ends[level]
            if place < 0:
                continue
            least, slope, low = self._chords(level, lower, upper)
            width, highest = self._width(level, x), self._highest[level, rows]
            upon = least * entropy + highest * slope * (x[place] - low)
            found[place] += self._factors[level] * (upon - width * entropy)
        return found


def _zeros(count: int) -> Weights:
    shape = (len(LEVELS), count)
    return Weights(np.zeros(shape), np.zeros(shape), np.zeros(count))


def reading_of(objective: Objective, skeletons: Skeletons) -> Reading:
    """The reading of an objective."""
    return (Volume if objective.size == "volume" else Reading)(objective, skeletons)
