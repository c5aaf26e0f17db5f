#!/usr/bin/env python3
"""torch_static.py - peer A: a Llama in PyTorch for one batch of equal lengths.

The strongest that needs PyTorch alone: a static KV cache, one decode step compiled by
torch.compile and replayed as a CUDA graph, tokens that stay on the device, the fastest of
PyTorch's attention backends. It is no server: all prompts have one length, all answers too, and
nothing else can join. Weights are random, so that nothing is downloaded.

    python3 torch_static.py --shape DIR [--batches 1,16,64,256] [--out FILE]

Prints a line for each run; --out gets it as JSON, as run reads it. --check runs a tiny model on
any device and compares decoding from the cache with computing everything anew.
"""
import argparse
import json
import os
import time

import torch
import torch.nn.functional as F

PREFILL_TOKENS = 8192


def rotate(x, cos, sin):
    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * sin


class Llama:
    """The weights, and the cache of one batch: [layer] of [rows, KV heads, length, head size]."""

    def __init__(self, shape, batch, length, device, dtype, seed=1):
        generator = torch.Generator(device=device).manual_seed(seed)

        def random(*size):
            values = torch.empty(*size, device=device, dtype=dtype)
            return values.normal_(0, 0.02, generator=generator)

        self.heads, self.kv_heads = shape["num_attention_heads"], shape["num_key_value_heads"]
        self.size, self.eps = shape["head_dim"], shape["rms_norm_eps"]
        hidden, inner = shape["hidden_size"], shape["intermediate_size"]
        rows = (self.heads + 2 * self.kv_heads) * self.size
        self.layers = [
            dict(norm=torch.ones(hidden, device=device, dtype=dtype), qkv=random(rows, hidden),
                 out=random(hidden, self.heads * self.size),
                 norm2=torch.ones(hidden, device=device, dtype=dtype),
                 gate_up=random(2 * inner, hidden), down=random(hidden, inner))
            for _ in range(shape["num_hidden_layers"])]
        self.embedding = random(shape["vocab_size"], hidden)
        tied = shape["tie_word_embeddings"]
        self.head = self.embedding if tied else random(shape["vocab_size"], hidden)
        self.norm = torch.ones(hidden, device=device, dtype=dtype)
        cache = (batch, self.kv_heads, length, self.size)
        self.keys = [torch.zeros(cache, device=device, dtype=dtype) for _ in self.layers]
        self.values = [torch.zeros(cache, device=device, dtype=dtype) for _ in self.layers]
        exponents = torch.arange(0, self.size, 2, device=device).float() / self.size
        angles = torch.outer(torch.arange(length, device=device).float(),
                             shape["rope_theta"] ** -exponents)
        angles = torch.cat((angles, angles), dim=-1)
        self.cos, self.sin = angles.cos().to(dtype), angles.sin().to(dtype)

    def normed(self, x, weight):
        return F.rms_norm(x, (x.shape[-1],), weight, self.eps)

    def split(self, layer, x, cos, sin):
        """Queries [b, heads, s, size] and keys and values [b, KV heads, s, size]."""
        b, s, _ = x.shape
        qkv = F.linear(self.normed(x, layer["norm"]), layer["qkv"])
        q, k, v = qkv.view(b, s, -1, self.size).transpose(1, 2).split(
            (self.heads, self.kv_heads, self.kv_heads), dim=1)
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def finish(self, layer, x, attended):
        b, s, _ = x.shape
        x = x + F.linear(attended.transpose(1, 2).reshape(b, s, -1), layer["out"])
        gate, up = F.linear(self.normed(x, layer["norm2"]), layer["gate_up"]).chunk(2, dim=-1)
        return x + F.linear(F.silu(gate) * up, layer["down"])

    def choose(self, x):
        return F.linear(self.normed(x, self.norm), self.head).argmax(dim=-1)

    def rows(self, first, count):
        """The cache of some rows of the batch."""
        return ([keys[first:first + count] for keys in self.keys],
                [values[first:first + count] for values in self.values])

    def prefill(self, tokens, cache):
        """Computes prompts [b, s] into the cache of their rows; the next token of each."""
        s = tokens.shape[1]
        x = F.embedding(tokens, self.embedding)
        for layer, keys, values in zip(self.layers, *cache):
            q, k, v = self.split(layer, x, self.cos[:s], self.sin[:s])
            keys[:, :, :s] = k
            values[:, :, :s] = v
            attended = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            x = self.finish(layer, x, attended)
        return self.choose(x[:, -1])

    def decode(self, tokens, position, outputs, first):
        """One token of each row, at one position for all; everything in place, for a graph."""
        x = F.embedding(tokens, self.embedding)[:, None]
        at = position.view(1)
        cos, sin = self.cos[at], self.sin[at]
        seen = (torch.arange(self.cos.shape[0], device=at.device) <= at)[None, None, None]
        for layer, keys, values in zip(self.layers, self.keys, self.values):
            q, k, v = self.split(layer, x, cos, sin)
            keys.index_copy_(2, at, k)
            values.index_copy_(2, at, v)
            # The query heads of a KV head see the same keys: they are rows of one query.
            grouped = q.reshape(q.shape[0], self.kv_heads, -1, self.size)
            mask = seen.expand(-1, -1, grouped.shape[2], -1)
            attended = F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask)
            x = self.finish(layer, x, attended.reshape(q.shape))
        chosen = self.choose(x[:, 0])
        outputs.index_copy_(1, at - first + 1, chosen[:, None])
        tokens.copy_(chosen)
        position += 1


class Batch:
    """One batch size: its model, its decode step as a graph, and runs of it."""

    def __init__(self, shape, batch, prompt, output, device, backend):
        self.batch, self.prompt, self.output = batch, prompt, output
        self.model = Llama(shape, batch, prompt + output, device, torch.bfloat16)
        self.tokens = torch.zeros(batch, dtype=torch.long, device=device)
        self.position = torch.zeros((), dtype=torch.long, device=device)
        self.outputs = torch.zeros(batch, output, dtype=torch.long, device=device)
        use_backend(backend)
        self.step = torch.compile(self.decode, dynamic=False)
        self.compiled_prefill = torch.compile(self.model.prefill, dynamic=False)
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.position.fill_(prompt)
                self.step()
        torch.cuda.synchronize()
        self.position.fill_(prompt)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.step()

    def decode(self):
        self.model.decode(self.tokens, self.position, self.outputs, self.prompt)

    def step_seconds(self):
        """Of a decode step in the middle of the answer."""
        self.position.fill_(self.prompt)
        self.graph.replay()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(self.output // 2):
            self.graph.replay()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / (self.output // 2)

    def run(self, prompts):
        """(seconds, median seconds to the first token, seconds of decoding)"""
        rows = max(1, PREFILL_TOKENS // self.prompt)
        torch.cuda.synchronize()
        start = torch.cuda.Event(enable_timing=True)
        start.record()
        firsts = []
        for row in range(0, self.batch, rows):
            part = prompts[row:row + rows]
            cache = self.model.rows(row, len(part))
            self.tokens[row:row + rows] = self.compiled_prefill(part, cache)
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            firsts += [event] * len(part)
        self.outputs[:, 0] = self.tokens
        self.position.fill_(self.prompt)
        for _ in range(self.output - 1):
            self.graph.replay()
        end = torch.cuda.Event(enable_timing=True)
        end.record()
        torch.cuda.synchronize()
        median = start.elapsed_time(firsts[(len(firsts) - 1) // 2]) * 1e-3
        return start.elapsed_time(end) * 1e-3, median, firsts[-1].elapsed_time(end) * 1e-3


def use_backend(name):
    """Lets scaled_dot_product_attention use one backend alone, flash for prompts beside it."""
    torch.backends.cuda.enable_flash_sdp(True)
    torch.backends.cuda.enable_mem_efficient_sdp(name == "efficient")
    torch.backends.cuda.enable_cudnn_sdp(name == "cudnn")
    torch.backends.cuda.enable_math_sdp(name == "math")


def fastest(shape, batch, prompt, output, device):
    """The batch on the backend whose decode step is fastest."""
    step_seconds = {}
    for backend in ("efficient", "cudnn", "math"):
        try:
            candidate = Batch(shape, batch, prompt, output, device, backend)
            step_seconds[backend] = candidate.step_seconds()
            print(f"  attention by {backend}: {step_seconds[backend] * 1e3:.3f} ms a step",
                  flush=True)
        except RuntimeError as e:
            print(f"  attention by {backend}: {str(e).splitlines()[0]}", flush=True)
        candidate = None  # Two at a time would not fit.
        torch._dynamo.reset()
        torch.cuda.empty_cache()
    if not step_seconds:
        raise SystemExit("no backend of attention works")
    best = min(step_seconds, key=step_seconds.get)
    return Batch(shape, batch, prompt, output, device, best)


def measure(options, shape, batch):
    device = torch.device("cuda")
    runner = fastest(shape, batch, options.prompt, options.output, device)
    name = os.path.basename(os.path.normpath(options.shape))
    for number in range(1 - options.warmups, options.rounds + 1):
        generator = torch.Generator(device=device).manual_seed(1000 * batch + number)
        prompts = torch.randint(0, shape["vocab_size"], (batch, options.prompt), device=device,
                                generator=generator)
        seconds, first, decode = runner.run(prompts)
        if number > 0:
            line = dict(kind="run", engine="torch static", model=name, batch=batch,
                        prompt=options.prompt, output=options.output, round=number,
                        tokens=batch * options.output, seconds=seconds,
                        first_token_seconds=first, decode_tokens=batch * (options.output - 1),
                        decode_seconds=decode)
            print(f"{name}, {batch} rows, round {number}: {line['tokens'] / seconds:,.0f} tokens/s "
                  f"in all, {line['decode_tokens'] / decode:,.0f} decoding", flush=True)
            if options.out:
                with open(options.out, "a") as out:
                    out.write(json.dumps(line) + "\n")


def check(device, compile):
    """Decoding from the cache chooses what computing everything anew chooses, in float32."""
    shape = dict(num_attention_heads=4, num_key_value_heads=2, head_dim=16, rms_norm_eps=1e-5,
                 hidden_size=64, intermediate_size=96, num_hidden_layers=2, vocab_size=97,
                 tie_word_embeddings=False, rope_theta=10000.0)
    batch, prompt, output = 3, 9, 6
    model = Llama(shape, batch, prompt + output, device, torch.float32)
    prompts = torch.arange(batch * prompt, device=device).view(batch, prompt) * 7 % 97
    prefill, decode = (compile(f) for f in (model.prefill, model.decode))
    tokens = torch.cat((prefill(prompts[:2], model.rows(0, 2)),
                        prefill(prompts[2:], model.rows(2, 1))))
    outputs = torch.zeros(batch, output, dtype=torch.long, device=device)
    outputs[:, 0] = tokens
    position = torch.tensor(prompt, device=device)
    for _ in range(output - 1):
        decode(tokens, position, outputs, prompt)
    anew = Llama(shape, batch, prompt + output, device, torch.float32)
    for i in range(output):
        known = torch.cat((prompts, outputs[:, :i]), dim=1)
        expected = anew.prefill(known, anew.rows(0, batch))
        if not torch.equal(expected, outputs[:, i]):
            raise SystemExit(f"output {i} is {outputs[:, i]}, computed anew {expected}")
    print("decoding from the cache equals computing anew")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", help="folder with a config.json; its name names the model")
    parser.add_argument("--batches", default="1,16,64,256")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--output", type=int, default=128)
    parser.add_argument("--warmups", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with torch.inference_mode():
        if options.check:
            device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            check(device, lambda f: f)
            check(device, lambda f: torch.compile(f, dynamic=False))
            return
        with open(os.path.join(options.shape, "config.json")) as file:
            shape = json.load(file)
        for batch in map(int, options.batches.split(",")):
            measure(options, shape, batch)
            torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
