"""The peers' side of `cargo xtask peers`: pymrio, numpy and SciPy on the tables that `parecon-peers` writes.

    peers.py versions               what is installed, as JSON
    peers.py peak                   flops per second of a matrix product
    peers.py test-system FOLDER     writes pymrio's own test system as a table for both sides
    peers.py results FOLDER         pymrio's answers
    peers.py compare FOLDER         how far pymrio's answers and ours are apart, as JSON
    peers.py measure PEER CASE FOLDER SECONDS   one measurement in this process, as JSON

Matrices are files of little-endian f64, column by column; labels.json names rows and columns.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

# A question is repeated until this many seconds are spent on it, or so many times, and twice at least unless the first
# answer took long: as on our side.
SECONDS = 0.5
REPEATS = 2000
LONG = 10.0


def main():
    match sys.argv[1:]:
        case ["versions"]:
            answer = versions()
        case ["peak"]:
            answer = peak()
        case ["test-system", folder]:
            answer = write_test_system(Path(folder))
        case ["results", folder]:
            answer = write_results(Path(folder))
        case ["compare", folder]:
            answer = compare(Path(folder))
        case ["measure", peer, case, folder, seconds]:
            limit(int(seconds))
            answer = CASES[peer, case](Path(folder))
        case _:
            sys.exit(__doc__)
    if answer is not None:
        print(json.dumps(answer))


def limit(seconds):
    """Ends this process after so many seconds, also within a library, and before it takes all memory."""
    import resource

    signal.alarm(seconds)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (free, free))


# Measuring


def measure(prepare, run):
    """Repeats `run` on what `prepare` makes anew outside the measured time: as `clock.rs` does."""
    loaded = memory("VmRSS:")
    first, best, total, cpu, repeats = None, float("inf"), 0.0, 0.0, 0
    while repeats == 0 or (repeats == 1 and first < LONG) or (total < SECONDS and repeats < REPEATS):
        prepared = prepare()
        busy, start = time.process_time(), time.perf_counter()
        answer = run(prepared)
        took = time.perf_counter() - start
        cpu += time.process_time() - busy
        del answer, prepared
        first = took if first is None else first
        best = min(best, took)
        total += took
        repeats += 1
    return {
        "seconds": best,
        "first_seconds": first,
        "cpu_seconds": cpu / repeats,
        "repeats": repeats,
        "loaded": loaded,
        "peak": memory("VmHWM:") or max_resident(),
        "residual": None,
    }


def memory(key):
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(key)), None)


def max_resident():
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def nothing():
    return None


# Tables


def labels(folder):
    return json.loads((folder / "labels.json").read_text())


def matrix(path, rows):
    return np.fromfile(path, dtype="<f8").reshape((rows, -1), order="F")


def write(path, array):
    np.asarray(array, dtype="<f8").ravel(order="F").tofile(path)


def arrays(folder):
    """Z, Y, F, number of regions and of branches."""
    names = labels(folder)
    regions, branches = len(names["regions"]), len(names["branches"])
    n = regions * branches
    parts = [matrix(folder / f"{part}.f64", rows) for part, rows in [("Z", n), ("Y", n)]]
    return *parts, matrix(folder / "F.f64", len(names["stressors"])), regions, branches


def per_unit(amounts, output):
    """Amounts divided by output, zero where there is none."""
    return amounts * np.divide(1.0, output, out=np.zeros_like(output), where=output != 0)


def coefficients(folder):
    z, y, _, _, _ = arrays(folder)
    return per_unit(z, z.sum(axis=1) + y.sum(axis=1)), y.sum(axis=1)


def leontief(a):
    system = np.asfortranarray(-a)
    system[np.diag_indices_from(system)] += 1.0
    return system


def system(folder):
    """The table as pymrio has it."""
    import pandas as pd
    import pymrio

    names = labels(folder)
    z, y, f, _, _ = arrays(folder)
    rows = pd.MultiIndex.from_product([names["regions"], names["branches"]], names=["region", "sector"])
    users = pd.MultiIndex.from_product([names["regions"], names["purposes"]], names=["region", "category"])
    stressors = pd.Index(names["stressors"], name="stressor")
    z, y = pd.DataFrame(z, index=rows, columns=rows), pd.DataFrame(y, index=rows, columns=users)
    given = {"F": pd.DataFrame(f, index=stressors, columns=rows)}
    if (folder / "F_Y.f64").exists():
        direct = matrix(folder / "F_Y.f64", len(stressors))
        given["F_Y"] = pd.DataFrame(direct, index=stressors, columns=users)
    return lambda: pymrio.IOSystem(Z=z, Y=y, account={"name": "stressors", **given})


# The questions


def pymrio_everything(folder):
    make = system(folder)
    return measure(make, lambda io: io.calc_all())


def numpy_accounts(folder):
    """M, D_cba and D_pba from one solution with as many right-hand sides as stressors."""
    z, y, f, regions, branches = arrays(folder)

    def run(_):
        demand = y.reshape(len(z), regions, -1).sum(axis=2)
        output = z.sum(axis=1) + y.sum(axis=1)
        s = per_unit(f, output)
        m = np.linalg.solve(leontief(per_unit(z, output)).T, s.T).T
        cube = demand.reshape(regions, branches, regions)
        by_user = np.einsum("krs,rsc->kcs", m.reshape(-1, regions, branches), cube, optimize=True)
        return m, by_user.reshape(len(s), -1), s * output

    return measure(nothing, run)


def scipy_factorise(folder):
    from scipy.linalg import lu_factor

    matrix = leontief(coefficients(folder)[0])
    return measure(nothing, lambda _: lu_factor(matrix, check_finite=False))


def numpy_requirements(folder):
    matrix = leontief(coefficients(folder)[0])
    return measure(nothing, lambda _: np.linalg.inv(matrix))


def scipy_second(folder):
    from scipy.linalg import lu_factor, lu_solve

    a, demand = coefficients(folder)
    factors = lu_factor(leontief(a), check_finite=False)
    return measure(nothing, lambda _: lu_solve(factors, demand, check_finite=False))


def numpy_extraction(folder):
    """Output lost in the whole economy without each sector in turn, by the closed form."""
    a, demand = coefficients(folder)
    matrix = leontief(a)

    def run(_):
        inverse = np.linalg.inv(matrix)
        return inverse.sum(axis=0) * (inverse @ demand) / np.diag(inverse)

    return measure(nothing, run)


def numpy_influence(folder):
    """The field of influence of every cell, by the closed form, for a change of 0.001."""
    matrix = leontief(coefficients(folder)[0])

    def run(_):
        inverse = np.linalg.inv(matrix)
        columns, rows = (inverse**2).sum(axis=0), (inverse**2).sum(axis=1)
        return np.outer(columns, rows) / (1.0 - 0.001 * inverse.T) ** 2

    return measure(nothing, run)


def sparse(folder):
    from scipy.sparse import csr_array, eye_array

    n = labels(folder)["sparse"]
    starts, columns = (np.fromfile(folder / f"{name}.f64").astype(np.int32) for name in ("starts", "columns"))
    a = csr_array((np.fromfile(folder / "values.f64"), columns, starts), shape=(n, n))
    # Any demand that is not an eigenvector: a sector for each of 1 to 10.
    return (eye_array(n, format="csr") - a).tocsr(), 1.0 + np.arange(n) % 10.0


def with_residual(measured, matrix, x, demand):
    measured["residual"] = float(np.linalg.norm(demand - matrix @ x) / np.linalg.norm(demand))
    return measured


def scipy_gmres(tolerance):
    def case(folder):
        from scipy.sparse.linalg import gmres

        matrix, demand = sparse(folder)
        measured = measure(nothing, lambda _: gmres(matrix, demand, rtol=tolerance))
        return with_residual(measured, matrix, gmres(matrix, demand, rtol=tolerance)[0], demand)

    return case


def scipy_splu(folder):
    from scipy.sparse.linalg import splu

    matrix, demand = sparse(folder)
    columns = matrix.tocsc()
    kept = []
    measured = measure(nothing, lambda _: kept.append(splu(columns).solve(demand)))
    return with_residual(measured, matrix, kept[-1], demand)


CASES = {
    ("pymrio", "everything"): pymrio_everything,
    ("numpy", "accounts"): numpy_accounts,
    ("scipy", "factorise"): scipy_factorise,
    ("numpy", "requirements"): numpy_requirements,
    ("scipy", "second"): scipy_second,
    ("numpy", "extraction"): numpy_extraction,
    ("numpy", "influence"): numpy_influence,
    ("gmres", "sparse"): scipy_gmres(1e-10),
    ("gmres, as exact as ours", "sparse"): scipy_gmres(1e-14),
    ("splu", "sparse"): scipy_splu,
}


# Correctness

EXTENSION_RESULTS = ["S", "M", *(f"D_{kind}{by}" for by in ("", "_reg") for kind in ("cba", "pba", "imp", "exp"))]


def write_test_system(folder):
    import pandas as pd
    import pymrio

    io = pymrio.load_test()
    accounts = [io.emissions, io.factor_inputs]
    index = io.Z.index
    regions, branches = (list(dict.fromkeys(index.get_level_values(level))) for level in (0, 1))
    purposes = list(dict.fromkeys(io.Y.columns.get_level_values(1)))
    product = pd.MultiIndex.from_product
    assert list(index) == list(product([regions, branches])) and list(io.Y.columns) == list(product([regions, purposes]))
    none = pd.DataFrame(0.0, index=io.factor_inputs.F.index, columns=io.Y.columns)
    direct = [account.F_Y if account.F_Y is not None else none for account in accounts]
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "Z.f64", io.Z)
    write(folder / "Y.f64", io.Y)
    write(folder / "F.f64", np.vstack([account.F for account in accounts]))
    write(folder / "F_Y.f64", np.vstack(direct))
    stressors = [str(label) for account in accounts for label in account.F.index]
    names = {"regions": regions, "branches": branches, "purposes": purposes, "stressors": stressors}
    (folder / "labels.json").write_text(json.dumps(names))


def write_results(folder):
    io = system(folder)().calc_all()
    into = folder / "pymrio"
    into.mkdir(exist_ok=True)
    for name in ["x", "A", "L"]:
        write(into / f"{name}.f64", getattr(io, name))
    for name in EXTENSION_RESULTS:
        write(into / f"{name}.f64", getattr(io.account, name))


def compare(folder):
    """For every result the largest difference, relative to the largest number of the same row.

    Rows have units of their own. Numbers that are small only because large ones cancel have no digits in either
    program, so each cannot be measured by itself. A row of zeros, such as the imports of the only region, is measured
    by the account of consumption, of which imports are a part.
    """
    names = labels(folder)
    stressors, n = len(names["stressors"]), len(names["regions"]) * len(names["branches"])
    whole = np.abs(matrix(folder / "pymrio" / "D_cba.f64", stressors)).max(axis=1, keepdims=True)
    worst = {}
    for name in ["x", "A", "L", *EXTENSION_RESULTS]:
        rows, zeros = (n, 1.0) if name in ("x", "A", "L") else (stressors, whole)
        theirs, ours = (matrix(folder / side / f"{name}.f64", rows) for side in ("pymrio", "parecon"))
        if theirs.shape != ours.shape:
            sys.exit(f"{name}: pymrio has {theirs.shape}, parecon {ours.shape}")
        size = np.abs(theirs).max(axis=1, keepdims=True)
        far = np.abs(theirs - ours) / np.where(size > 0, size, zeros)
        # NaN is far.
        worst[name] = float(np.nan_to_num(far, nan=np.inf, posinf=np.inf).max())
    return worst


# The machine


def versions():
    import pandas
    import pymrio
    import scipy
    from threadpoolctl import threadpool_info

    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "python": sys.version.split()[0],
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "pandas": pandas.__version__,
        "pymrio": pymrio.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "kernels": ", ".join(sorted({pool["architecture"] for pool in threadpool_info() if "architecture" in pool})),
    }


def peak():
    n = 2000
    a, b = np.full((n, n), 0.5), np.full((n, n), 0.25)
    out = np.empty((n, n))
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return 2.0 * n**3 / best


main()
