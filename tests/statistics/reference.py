"""Writes reference.json: values of scipy and statsmodels for the cases that
tests/statistics.rs holds our own statistics against.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python tests/statistics/reference.py > tests/statistics/reference.json
"""

import json

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(6)


def tables():
    yield [30, 60, 10], [3, 6, 1]
    yield [795, 468, 455, 290, 241, 202, 198, 184, 123, 112], [52, 42, 72, 26, 15, 30, 73, 38, 12, 12]
    yield [5, 0, 3], [1, 4, 2]
    yield [1000, 1], [10, 1]
    for classes in (2, 7, 100):
        for size in (50, 5000):
            shares = rng.dirichlet(np.ones(classes))
            yield (rng.multinomial(size, shares).tolist(),
                   rng.multinomial(size // 3, shares).tolist())


def bergsma(chi2, n, k):
    phi2 = max(0.0, chi2 / n - (k - 1) / (n - 1))
    rows, columns = 2 - 1 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi2 / min(rows - 1, columns - 1)))


def contingency():
    for a, b in tables():
        a, b = np.array(a), np.array(b)
        seen = (a + b) > 0
        x, y = a[seen], b[seen]
        p, q = x / x.sum(), y / y.sum()
        test = stats.chi2_contingency(np.array([x, y]), correction=False)
        half = lambda counts: np.maximum(counts, 0.5) / counts.sum()
        hp, hq = half(x), half(y)
        yield {
            "a": a.tolist(),
            "b": b.tolist(),
            "total_variation": float(0.5 * np.abs(p - q).sum()),
            # Squared: at equal shares the root magnifies rounding errors.
            "jensen_shannon_squared": float(jensenshannon(p, q, base=2) ** 2),
            "psi": float(((hp - hq) * np.log(hp / hq)).sum()),
            "chi2": float(test.statistic),
            "dof": int(test.dof),
            "p_value": float(test.pvalue),
            "cramers_v": bergsma(test.statistic, int(x.sum() + y.sum()), int(seen.sum())),
        }


def fisher():
    for table in ([3, 10, 0, 20], [8, 20, 15, 18], [198, 3068, 73, 372], [0, 5, 0, 9], [40, 1000, 55, 900]):
        hits_a, total_a, hits_b, total_b = table
        rows = [[hits_a, total_a - hits_a], [hits_b, total_b - hits_b]]
        yield {"table": table, "p_value": float(stats.fisher_exact(rows).pvalue)}


def wilson():
    for hits, total in ((0, 10), (10, 10), (1, 12), (11, 12), (73, 372), (500_000, 1_000_000)):
        low, high = proportion_confint(hits, total, alpha=0.05, method="wilson")
        yield {"hits": hits, "total": total, "low": float(low), "high": float(high)}


def adjusted():
    for count in (1, 5, 40):
        raw = rng.uniform(size=count) ** 3
        yield {"raw": raw.tolist(), "adjusted": multipletests(raw, method="fdr_bh")[1].tolist()}


def samples():
    for n, m, shift in ((5, 7, 0.0), (40, 60, 0.5), (300, 200, 0.1)):
        a, b = rng.normal(size=n), rng.normal(loc=shift, size=m)
        # Rounded, so that there are ties.
        a, b = np.round(a, 1), np.round(b, 1)
        ks = stats.ks_2samp(a, b, method="asymp")
        u = stats.mannwhitneyu(a, b).statistic
        effective = np.sqrt(n * m / (n + m))
        yield {
            "a": a.tolist(),
            "b": b.tolist(),
            "ks": float(ks.statistic),
            "ks_p_value": float(stats.kstwobign.sf(effective * ks.statistic)),
            "wasserstein": float(stats.wasserstein_distance(a, b)),
            "area": float(u / n / m),
        }


def absences():
    for total, marked, draws in ((40, 3, 10), (3781, 135, 341), (10, 9, 1), (100_000, 40, 10_000)):
        p = stats.hypergeom.pmf(0, total, marked, draws)
        yield {"total": total, "marked": marked, "draws": draws, "p": float(p)}


def tails():
    for statistic, dof in ((0.1, 1), (3.84, 1), (15.5, 9), (150.0, 99), (1200.0, 999), (400.0, 10)):
        yield {"statistic": statistic, "dof": dof, "p": float(stats.chi2.sf(statistic, dof))}


print(json.dumps({
    "contingency": list(contingency()),
    "fisher": list(fisher()),
    "wilson": list(wilson()),
    "adjusted": list(adjusted()),
    "samples": list(samples()),
    "absences": list(absences()),
    "tails": list(tails()),
}, indent=1))
