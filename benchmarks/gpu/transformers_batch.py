#!/usr/bin/env python3
"""transformers_batch.py - peer C: continuous batching of transformers with paged SDPA.

It is what it is called, and not the state of the art: without flash-attn, generate_batch builds a
mask over all cached tokens for every step and uses no CUDA graph. Random prompts share no prefix,
so sharing of blocks is off. Weights are random, so that nothing is downloaded.

    python3 transformers_batch.py --shape DIR [--batches 1,16,64,256] [--out FILE]

Prints a line for each run; --out gets it as JSON, as run reads it. Decoding cannot be told from
prefill by its results, so a line has no figures of decoding.
"""
import argparse
import json
import os
import time

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig, LlamaConfig, LlamaForCausalLM


def model_of(folder, device, dtype):
    with open(os.path.join(folder, "config.json")) as file:
        shape = json.load(file)
    fields = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "head_dim",
              "num_attention_heads", "num_key_value_heads", "rms_norm_eps", "rope_theta",
              "max_position_embeddings", "tie_word_embeddings")
    config = LlamaConfig(**{field: shape[field] for field in fields})
    config._attn_implementation = "paged|sdpa"
    torch.manual_seed(1)
    torch.set_default_dtype(dtype)
    with torch.device(device):
        return LlamaForCausalLM(config).eval()


def measure(model, options, batch):
    name = os.path.basename(os.path.normpath(options.shape))
    generation = GenerationConfig(max_new_tokens=options.output, do_sample=False, eos_token_id=-1,
                                  pad_token_id=0)
    batching = ContinuousBatchingConfig(allow_block_sharing=False, num_blocks=options.blocks)
    for number in range(1 - options.warmups, options.rounds + 1):
        generator = torch.Generator().manual_seed(1000 * batch + number)
        prompts = torch.randint(0, model.config.vocab_size, (batch, options.prompt),
                                generator=generator).tolist()
        start = time.perf_counter()
        outputs = model.generate_batch(
            inputs=prompts, generation_config=generation, continuous_batching_config=batching,
            progress_bar=False, persistent_manager=True)
        seconds = time.perf_counter() - start
        tokens = sum(len(output.generated_tokens) for output in outputs.values())
        if tokens != batch * options.output:
            raise SystemExit(f"{tokens} tokens of {batch * options.output}")
        if number > 0:
            line = dict(kind="run", engine="transformers, SDPA", model=name, batch=batch,
                        prompt=options.prompt, output=options.output, round=number,
                        tokens=tokens, seconds=seconds)
            print(f"{name}, {batch} requests, round {number}: {tokens / seconds:,.0f} tokens/s "
                  "in all", flush=True)
            if options.out:
                with open(options.out, "a") as out:
                    out.write(json.dumps(line) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", required=True,
                        help="folder with a config.json; its name names the model")
    parser.add_argument("--batches", default="1,16,64,256")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--output", type=int, default=128)
    parser.add_argument("--warmups", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--blocks", type=int, help="KV blocks; default: what the memory holds")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out")
    options = parser.parse_args()
    # generate_batch computes on a thread of its own, so a mode of this one would be in its way.
    model = model_of(options.shape, options.device, torch.bfloat16)
    for batch in map(int, options.batches.split(",")):
        measure(model, options, batch)


if __name__ == "__main__":
    main()
