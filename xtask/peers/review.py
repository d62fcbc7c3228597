"""The peers' side of `cargo xtask review-peers`: SimPy and Ciw on the queues of `benches/peers/review.rs`.

    review.py versions                           what is installed, as JSON
    review.py PEER CASE REPLICATIONS ARRIVALS    means with standard errors, and processor time, as JSON

A tenth as many arrivals as are counted come first, to warm up. After SECONDS no further replication is begun, beyond the
FEWEST that a standard error needs; the time given is that of all, in proportion.
"""

import json
import math
import random
import statistics
import sys
import time
from importlib.metadata import version

SECONDS = 120
FEWEST = 4

MM10 = {"rate": 9.0, "desks": [(10, 1.0)]}
# Two desks of ten; a reading takes 10/1.1 and 10/.6 on average. Half of the proposals pass.
TWO_GATE = {"rate": 1.0, "desks": [(10, 1.1 / 10), (10, 0.6 / 10)], "pass": 0.5, "mean": 5.0, "cv2": 4.0}
CASES = {"mm10": (MM10, ["mean wait"]), "two-gate": (TWO_GATE, ["mean wait of proposals", "mean wait of work"])}


def main():
    match sys.argv[1:]:
        case ["versions"]:
            answer = {name: version(name) for name in ["simpy", "ciw"]}
        case [peer, case, replications, arrivals]:
            answer = run(PEERS[peer], *CASES[case], int(replications), int(arrivals))
        case _:
            sys.exit(__doc__)
    print(json.dumps(answer))


def run(peer, model, names, replications, arrivals):
    start, wall = time.process_time(), time.perf_counter()
    runs = []
    while len(runs) < replications and (len(runs) < FEWEST or time.perf_counter() - wall < SECONDS):
        runs.append(peer(model, len(runs), arrivals, arrivals // 10))
    share = replications / len(runs)
    took, elapsed = share * (time.process_time() - start), share * (time.perf_counter() - wall)
    means = {}
    for name, values in zip(names, zip(*runs)):
        means[name] = [statistics.mean(values), statistics.stdev(values) / math.sqrt(len(runs))]
    return {"means": means, "replications": len(runs), "cpu_seconds": took, "seconds": elapsed}


def log_normal(model):
    """Mean and standard deviation of the logarithm."""
    variance = math.log1p(model["cv2"])
    return math.log(model["mean"]) - variance / 2, math.sqrt(variance)


def simpy_run(model, seed, arrivals, warm_up):
    import simpy

    chance = random.Random(seed)
    world = simpy.Environment()
    desks = [simpy.Resource(world, capacity=servers) for servers, _ in model["desks"]]
    waits = [[] for _ in desks]

    def visit(who, desk):
        came = world.now
        with desks[desk].request() as turn:
            yield turn
            if who >= warm_up:
                waits[desk].append(world.now - came)
            yield world.timeout(chance.expovariate(model["desks"][desk][1]))

    def idea(who):
        yield from visit(who, 0)
        if len(desks) == 2 and chance.random() < model["pass"]:
            yield world.timeout(chance.lognormvariate(*log_normal(model)))
            yield from visit(who, 1)

    def source():
        for who in range(arrivals + warm_up):
            yield world.timeout(chance.expovariate(model["rate"]))
            world.process(idea(who))

    world.process(source())
    world.run()
    return [statistics.fmean(desk) for desk in waits]


def ciw_run(model, seed, arrivals, warm_up):
    import ciw

    ciw.seed(seed)
    desks = [ciw.dists.Exponential(rate) for _, rate in model["desks"]]
    servers = [number for number, _ in model["desks"]]
    source = ciw.dists.Exponential(model["rate"])
    if len(desks) == 1:
        network = ciw.create_network(
            arrival_distributions=[source], service_distributions=desks, number_of_servers=servers
        )
    else:
        network = ciw.create_network(
            arrival_distributions=[source, None, None],
            service_distributions=[desks[0], ciw.dists.Lognormal(*log_normal(model)), desks[1]],
            number_of_servers=[servers[0], math.inf, servers[1]],
            routing=[[0.0, model["pass"], 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]],
        )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(arrivals + warm_up, method="Finish")
    waits = [[], [], []]
    for record in simulation.get_all_records():
        if record.id_number > warm_up:
            waits[record.node - 1].append(record.waiting_time)
    return [statistics.fmean(waits[i]) for i in ([0] if len(desks) == 1 else [0, 2])]


PEERS = {"simpy": simpy_run, "ciw": ciw_run}

if __name__ == "__main__":
    main()
