"""The statistics once more, written from their formulas with numpy and scipy (which import slowly): no code of avow."""

import math
from functools import lru_cache
from itertools import combinations, product

import numpy as np
from scipy.special import gammaln, xlogy
from scipy.stats import hypergeom

from tests.audit.made_up import Cards, Rows


def _counts(rows: Rows, place: int, values: list[str]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([sum(row[place] == value for row in rows) for value in values], dtype=float)


def _values(place: int, *samples: Rows) -> list[str]:
    return sorted({row[place] for rows in samples for row in rows})


def omnibus(baseline: Rows, now: Rows) -> float:
    """T of one card: the sum over places and values of lnG(.3+m) + lnG(.3+b)."""
    total = 0.0
    for place in range(6):
        values = _values(place, baseline, now)
        m, b = _counts(now, place, values), _counts(baseline, place, values)
        total += float(np.sum(gammaln(0.3 + m) + gammaln(0.3 + b)))
    return total


def directed(baseline: Rows, now: Rows, named: Rows) -> float:
    """D of one card: the sum of m(x) ln(.8 + .2 pS/pP)."""
    total = 0.0
    for place in range(6):
        values = _values(place, baseline, now, named)
        k = len(values)
        m, b, r = (_counts(rows, place, values) for rows in (now, baseline, named))
        p_named = (r + 0.5 / k) / (len(named) + 0.5)
        p_pool = (m + b + 0.5 / k) / (len(now) + len(baseline) + 0.5)
        total += float(np.sum(m * np.log(0.8 + 0.2 * p_named / p_pool)))
    return total


def exact_p(baseline: Cards, now: Cards, named: Cards | None) -> tuple[float, float | None]:
    """Both p over every way to choose the replies of now, for samples small enough."""
    ways = []
    for card in sorted(now):
        pool = now[card] + baseline[card]
        here = []
        for chosen in combinations(range(len(pool)), len(now[card])):
            mine = [pool[i] for i in chosen]
            rest = [row for i, row in enumerate(pool) if i not in chosen]
            here.append((omnibus(rest, mine), directed(rest, mine, named[card]) if named else 0.0))
        ways.append(here)
    sums = [tuple(map(math.fsum, zip(*way, strict=True))) for way in product(*ways)]
    observed = sums[0]  # the first combination is that of now itself
    p = sum(each[0] >= observed[0] - 1e-9 for each in sums) / len(sums)
    return p, sum(each[1] >= observed[1] - 1e-9 for each in sums) / len(sums) if named else None


@lru_cache
def _expected(t: int, n: int, k: int) -> float:
    i = np.arange(0, n + 1)
    return float(np.sum(hypergeom.pmf(i, n + k, t, n) * np.abs(i / n - (t - i) / k)))


def excess(baseline: Cards, now: Cards) -> float:
    """The mean over cards and places of TV less its mean under shuffling, by scipy's hypergeometric distribution."""
    found = []
    for card in now:
        n, k = len(now[card]), len(baseline[card])
        for place in range(6):
            values = _values(place, baseline[card], now[card])
            m, b = _counts(now[card], place, values), _counts(baseline[card], place, values)
            expected = sum(_expected(int(t), n, k) for t in m + b)
            found.append(0.5 * float(np.sum(np.abs(m / n - b / k))) - 0.5 * expected)
    return float(np.mean(found))


def profile(baseline: Cards, now: Cards, named: Cards, weight: float) -> float:
    """The log-likelihood of all samples at one share, both distributions refitted by 25 steps of EM."""
    total = 0.0
    for card in now:
        values = [_values(place, baseline[card], now[card], named[card]) for place in range(6)]
        counts = [[_counts(rows[card], f, values[f]) for f in range(6)] for rows in (baseline, named)]
        hot = [np.array([[row[f] == v for v in values[f]] for row in now[card]], dtype=float) for f in range(6)]
        p = [[(c + 0.5) / np.sum(c + 0.5) for c in each] for each in counts]
        for _ in range(25):
            ours, theirs = (np.prod([hot[f] @ each[f] for f in range(6)], axis=0) for each in p)
            gamma = weight * theirs / (weight * theirs + (1 - weight) * ours)
            for each, count, part in ((p[0], counts[0], 1 - gamma), (p[1], counts[1], gamma)):
                for f in range(6):
                    grown = count[f] + part @ hot[f]
                    each[f] = grown / grown.sum()
        ours, theirs = (np.prod([hot[f] @ each[f] for f in range(6)], axis=0) for each in p)
        total += float(np.sum(np.log((1 - weight) * ours + weight * theirs)))
        total += sum(float(np.sum(xlogy(counts[a][f], p[a][f]))) for a in (0, 1) for f in range(6))
    return total
