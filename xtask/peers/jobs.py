"""The peers' side of `cargo xtask jobs-peers`: HiGHS and OR-Tools on the band problems of `benches/peers/jobs.rs`.

    jobs.py versions                     what is installed, as JSON
    jobs.py PEER GAP SECONDS FILE        objective, what the point misses, and time, as JSON

Reading the file and handing over the problem are not counted. A peer that is not done within SECONDS says so.
"""

import json
import os
import resource
import sys
import time
from importlib.metadata import version

import numpy as np
import scipy.sparse as sp


def main():
    # Solvers greet on standard output, which is for the answer alone.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    match sys.argv[1:]:
        case ["versions"]:
            answer = {name: version(name) for name in ["highspy", "ortools"]}
        case [peer, gap, seconds, file]:
            answer = run(PEERS[peer], float(gap), float(seconds), read(file))
        case _:
            sys.exit(__doc__)
    print(json.dumps(answer), file=answers)


class Problem:
    """min c·x, low <= A x <= high, x >= 0; rows: quotas, hours, then both bands of all members."""


def read(file):
    with open(file) as lines:
        members, tasks, pairs = map(int, lines.readline().split())
        rows = np.loadtxt(lines, max_rows=tasks, ndmin=2)
        people = np.loadtxt(lines, max_rows=members, ndmin=2)
        table = np.loadtxt(lines, ndmin=2)
    i, j = table[:, 0].astype(int), table[:, 1].astype(int)
    p = Problem()
    p.i, p.j, p.hours, p.quotas, p.offsets, p.tolerance = i, j, rows[:, 0], people[:, 0], rows[:, 1:], people[:, 1]
    p.cost = table[:, 2]
    one, column = np.ones(pairs), np.arange(pairs)
    p.matrix = sp.csc_matrix(
        (
            np.concatenate([one, one, p.offsets[j, 0], p.offsets[j, 1]]),
            (np.concatenate([i, members + j, members + tasks + i, 2 * members + tasks + i]), np.tile(column, 4)),
        ),
        shape=(3 * members + tasks, pairs),
    )
    width = p.tolerance * p.quotas
    p.high = np.concatenate([p.quotas, p.hours, width, width])
    p.low = np.concatenate([p.quotas, p.hours, -width, -width])
    return p


def run(peer, gap, seconds, p):
    solve = peer(p, gap, seconds)
    before, wall = busy(), time.perf_counter()
    x = solve()
    took, elapsed = busy() - before, time.perf_counter() - wall
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = {"seconds": elapsed, "cpu_seconds": took, "peak": peak, "objective": None}
    if x is not None:
        x = np.maximum(x, 0.0)
        hours = np.abs(np.bincount(p.j, x, len(p.hours)) - p.hours).max()
        quotas = np.abs(np.bincount(p.i, x, len(p.quotas)) - p.quotas).max()
        answer |= {"objective": float(p.cost @ x), "hours": float(max(hours, quotas)), "in_use": int((x > 1e-9).sum())}
    return answer


def busy():
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def highs(solver, crossover):
    def prepare(p, gap, seconds):
        import highspy

        program = highspy.Highs()
        options = {"output_flag": False, "solver": solver, "time_limit": seconds, "run_crossover": crossover}
        options |= {"threads": len(os.sched_getaffinity(0))}
        if solver == "pdlp":
            options |= {"pdlp_optimality_tolerance": gap}
        for key, value in options.items():
            program.setOptionValue(key, value)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = p.matrix.shape
        lp.col_cost_, lp.col_lower_ = p.cost, np.zeros(lp.num_col_)
        lp.col_upper_ = np.full(lp.num_col_, highspy.kHighsInf)
        lp.row_lower_, lp.row_upper_ = p.low, p.high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = p.matrix.indptr, p.matrix.indices
        lp.a_matrix_.value_ = p.matrix.data
        program.passModel(lp)

        def solve():
            program.run()
            done = program.getModelStatus() == highspy.HighsModelStatus.kOptimal
            return np.array(program.getSolution().col_value) if done or solver == "pdlp" else None

        return solve

    return prepare


def glop(p, gap, seconds):
    from ortools.linear_solver.python import model_builder_helper as builder

    model, solver = builder.ModelBuilderHelper(), builder.ModelSolverHelper("glop")
    columns = p.matrix.shape[1]
    model.fill_model_from_sparse_data(
        np.zeros(columns), np.full(columns, np.inf), p.cost, p.low, p.high, sp.csr_matrix(p.matrix)
    )
    solver.set_time_limit_in_seconds(seconds)

    def solve():
        solver.solve(model)
        done = solver.has_solution() and solver.status() == builder.SolveStatus.OPTIMAL
        return np.array(solver.variable_values()) if done else None

    return solve


def pdlp(p, gap, seconds):
    from ortools.pdlp import solve_log_pb2, solvers_pb2
    from ortools.pdlp.python import pdlp as engine

    program = engine.QuadraticProgram()
    columns = p.matrix.shape[1]
    program.objective_vector = p.cost
    program.constraint_matrix = p.matrix
    program.constraint_lower_bounds, program.constraint_upper_bounds = p.low, p.high
    program.variable_lower_bounds = np.zeros(columns)
    program.variable_upper_bounds = np.full(columns, np.inf)
    parameters = solvers_pb2.PrimalDualHybridGradientParams()
    criteria = parameters.termination_criteria
    criteria.simple_optimality_criteria.eps_optimal_relative = gap
    criteria.simple_optimality_criteria.eps_optimal_absolute = gap
    criteria.time_sec_limit = seconds
    parameters.num_threads = len(os.sched_getaffinity(0))

    def solve():
        result = engine.primal_dual_hybrid_gradient(program, parameters)
        done = result.solve_log.termination_reason == solve_log_pb2.TERMINATION_REASON_OPTIMAL
        return np.array(result.primal_solution) if done else None

    return solve


PEERS = {
    "highs-ipm": highs("ipx", "off"),
    "highs-simplex": highs("simplex", "off"),
    "highs-pdlp": highs("pdlp", "off"),
    "glop": glop,
    "pdlp": pdlp,
}

if __name__ == "__main__":
    main()
