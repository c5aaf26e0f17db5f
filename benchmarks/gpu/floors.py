"""floors.py - the least time of a decode step and of a prompt, by what must be read and computed.

A decode step reads every weight and the KV entries of every row once; it takes at least bytes by
bandwidth, and operations by the rate of products. Prompts are counted by their operations.

Weights and KV entries are BF16; logits are float, written once and read once; the mean context of a
row is its prompt and half of its output. The embedding is not read as a whole, the output matrix
is, tied or not.
"""
import json
import os


def shape_of(folder):
    with open(os.path.join(folder, "config.json")) as file:
        return json.load(file)


class Floors:
    """Of one model for prompts and outputs of one length.

    bandwidth -- bytes per second
    rate      -- BF16 operations per second, a multiplication and an addition counting two
    """

    def __init__(self, shape, prompt, output, bandwidth, rate):
        hidden, inner = shape["hidden_size"], shape["intermediate_size"]
        heads, kv_heads = shape["num_attention_heads"], shape["num_key_value_heads"]
        size, vocabulary = shape["head_dim"], shape["vocab_size"]
        self.num_layers = shape["num_hidden_layers"]
        layer = hidden * (heads + 2 * kv_heads) * size + heads * size * hidden + 3 * hidden * inner
        self.layer_weights = layer * self.num_layers
        self.weights = self.layer_weights + hidden * vocabulary
        self.kv_bytes_per_token = 2 * self.num_layers * kv_heads * size * 2
        self.attention = 4 * heads * size * self.num_layers
        self.logit_bytes = 2 * 4 * vocabulary
        self.prompt, self.output = prompt, output
        self.bandwidth, self.rate = bandwidth, rate

    def step_bytes(self, rows):
        context = self.prompt + self.output / 2
        return 2 * self.weights + rows * (context * self.kv_bytes_per_token + self.logit_bytes)

    def step_seconds(self, rows):
        context = self.prompt + self.output / 2
        operations = rows * (2 * self.weights + context * self.attention)
        return max(self.step_bytes(rows) / self.bandwidth, operations / self.rate)

    def prompt_seconds(self, rows):
        tokens = rows * self.prompt
        return tokens * (2 * self.layer_weights + self.prompt / 2 * self.attention) / self.rate

    def decode_rate(self, rows):
        """Tokens per second that no decoding exceeds."""
        return rows / self.step_seconds(rows)

    def whole_rate(self, rows):
        """Tokens per second that no run exceeds, prompts included."""
        seconds = self.prompt_seconds(rows) + self.output * self.step_seconds(rows)
        return rows * self.output / seconds
