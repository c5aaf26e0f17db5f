#!/usr/bin/env python3
"""limits.py - what this GPU can do at most, by PyTorch: the denominators of every percentage.

Reading: the fastest of a sum, a maximum and a matrix-vector product over 4 GiB. Copying: bytes read
and written by a copy of 4 GiB. Products: 8192 x 8192 x 8192 in BF16, of random numbers, since
zeros take less power. Each is the best of ten after a warm-up; --out gets a line of JSON for each.
"""
import argparse
import json

import torch

NUM_BYTES = 4 << 30


def best_seconds(work):
    """The least time of one call, by events of the device."""
    times = []
    for _ in range(12):
        start = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        start.record()
        work()
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) * 1e-3)
    return min(times[2:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out")
    options = parser.parse_args()
    device = torch.device("cuda")
    lines = []

    def add(name, unit, value):
        lines.append(dict(kind="limit", name=name, unit=unit, value=value))
        print(f"{name}: {value:.4g} {unit}", flush=True)

    values = torch.randn(NUM_BYTES // 4, device=device)
    matrix = torch.randn(NUM_BYTES // 2 // 8192, 8192, device=device, dtype=torch.bfloat16)
    vector = torch.randn(8192, device=device, dtype=torch.bfloat16)
    reads = (lambda: values.sum(), lambda: values.amax(), lambda: matrix @ vector)
    add("read", "bytes/s", NUM_BYTES / min(best_seconds(read) for read in reads))
    del matrix
    target = torch.empty_like(values)
    add("copy", "bytes/s", 2 * NUM_BYTES / best_seconds(lambda: target.copy_(values)))
    del values, target
    a = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    b = torch.randn(8192, 8192, device=device, dtype=torch.bfloat16)
    add("product", "flop/s", 2 * 8192 ** 3 / best_seconds(lambda: a @ b))
    if options.out:
        with open(options.out, "a") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main()
