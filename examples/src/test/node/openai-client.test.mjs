// The official OpenAI client for Node against a running OpenAiServer. WEFT_URL says where it is;
// tools/test-openai-client starts one and runs this. The server must have been started with
// --max-waiting 128.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';

const url = process.env.WEFT_URL;
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
const model = 'target';
const prompt = 'It is a truth universally acknowledged';
const neverEnding = { model, prompt, max_tokens: 900, logit_bias: { 2: -100 }, stream: true };

async function numLiveRequests() {
  return (await (await fetch(`${url}/health`)).json()).live_requests;
}

/** Waits until no request lives in the server; fails after a minute. */
async function awaitIdle() {
  const end = Date.now() + 60_000;
  while ((await numLiveRequests()) > 0) {
    assert.ok(Date.now() < end, 'requests live on');
  }
}

/** The texts of all choices of a stream, and what its chunks have in common. */
async function read(stream) {
  const texts = [];
  const reasons = [];
  const ids = new Set();
  let usage = null;
  for await (const chunk of stream) {
    ids.add(chunk.id);
    usage = chunk.usage ?? usage;
    for (const choice of chunk.choices) {
      texts[choice.index] = (texts[choice.index] ?? '') + choice.text;
      if (choice.finish_reason !== null) {
        assert.equal(reasons[choice.index], undefined, 'a choice ends once');
        reasons[choice.index] = choice.finish_reason;
      }
    }
  }
  assert.equal(ids.size, 1);
  return { texts, reasons, usage };
}

test('the model is listed', async () => {
  const names = [];
  for await (const each of client.models.list()) {
    names.push(each.id);
  }
  assert.deepEqual(names, [model]);
  assert.equal((await client.models.retrieve(model)).owned_by, 'weft');
});

test('an answer has text, an end and its usage', async () => {
  const answer = await client.completions.create({ model, prompt, temperature: 0, max_tokens: 12 });
  assert.equal(answer.object, 'text_completion');
  assert.equal(answer.choices.length, 1);
  assert.equal(answer.choices[0].finish_reason, 'length');
  assert.ok(answer.choices[0].text.length > 12);
  assert.equal(answer.usage.completion_tokens, 12);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + 12);
});

test('a prompt that comes again is found in the cache', async () => {
  const tokens = Array.from({ length: 40 }, (_, i) => 200 + i);
  const ask = () => client.completions.create({ model, prompt: tokens, max_tokens: 2 });
  await ask();
  assert.equal((await ask()).usage.prompt_tokens_details.cached_tokens, 32);
});

test('a stream has the text of the whole answer', async () => {
  const asked = { model, prompt, seed: 7, max_tokens: 30 };
  const whole = await client.completions.create(asked);
  const streamed = await read(await client.completions.create(
    { ...asked, stream: true, stream_options: { include_usage: true } }));
  assert.deepEqual(streamed.texts, [whole.choices[0].text]);
  assert.deepEqual(streamed.reasons, [whole.choices[0].finish_reason]);
  assert.equal(streamed.usage.completion_tokens, whole.usage.completion_tokens);
});

test('several samples of several prompts keep their places', async () => {
  const asked = { model, prompt: [prompt, 'She was'], n: 3, seed: 11, max_tokens: 10 };
  const whole = await client.completions.create(asked);
  const streamed = await read(await client.completions.create({ ...asked, stream: true }));
  assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(streamed.texts, whole.choices.map((choice) => choice.text));
  assert.equal(new Set(streamed.texts).size, 6);
});

test('log-probabilities come with their tokens', async () => {
  const answer = await client.completions.create(
    { model, prompt, temperature: 0, max_tokens: 6, logprobs: 2 });
  const { tokens, token_logprobs, top_logprobs, text_offset } = answer.choices[0].logprobs;
  assert.equal(tokens.join(''), answer.choices[0].text);
  for (let i = 0; i < 6; i++) {
    assert.equal(Object.keys(top_logprobs[i]).length, 2);
    assert.equal(Math.max(...Object.values(top_logprobs[i])), token_logprobs[i], 'greedy');
    assert.equal(answer.choices[0].text.slice(text_offset[i]).indexOf(tokens[i]), 0);
  }
});

test('a stop string ends the text before it', async () => {
  const asked = { model, prompt, temperature: 0, max_tokens: 40 };
  const text = (await client.completions.create(asked)).choices[0].text;
  const stop = text.slice(20, 24);
  const stopped = await client.completions.create({ ...asked, stop: [stop, '\n\n\n'] });
  assert.equal(stopped.choices[0].text, text.slice(0, text.indexOf(stop)));
  assert.equal(stopped.choices[0].finish_reason, 'stop');
  assert.ok(stopped.usage.completion_tokens < 40);
});

test('text beyond ASCII goes in and comes out', async () => {
  // Only the bytes of one character can be chosen, so the answer is made of them.
  const bytes = (await client.completions.create(
    { model, prompt: '€', max_tokens: 1 })).usage.prompt_tokens;
  assert.equal(bytes, 4, 'a token for the beginning and one for each byte');
  const answer = await read(await client.completions.create(
    { model, prompt: '😀 “Ça va?” 你好', max_tokens: 5, stream: true }));
  assert.equal(answer.reasons.length, 1);
});

test('32 streams at once are not mixed up', async () => {
  const asked = Array.from({ length: 32 }, (_, i) => (
    { model, prompt: `${prompt}, ${i}`, seed: i, max_tokens: 12 + i % 9 }));
  const streams = await Promise.all(asked.map(async (each) => (
    read(await client.completions.create({ ...each, stream: true })))));
  for (let i = 0; i < asked.length; i++) {
    const whole = await client.completions.create(asked[i]);
    assert.deepEqual(streams[i].texts, [whole.choices[0].text], `stream ${i}`);
  }
});

test('an abort frees the server', async () => {
  await awaitIdle();
  const controller = new AbortController();
  const stream = await client.completions.create(neverEnding, { signal: controller.signal });
  let numChunks = 0;
  for await (const chunk of stream) {
    assert.equal(chunk.choices.length, 1);
    if (++numChunks === 3) {
      assert.equal(await numLiveRequests(), 1);
      controller.abort();
    }
  }
  assert.ok(numChunks < 900);
  await awaitIdle();
});

test('leaving the loop frees the server', async () => {
  for await (const chunk of await client.completions.create(neverEnding)) {
    assert.equal(chunk.choices[0].finish_reason, null);
    break;
  }
  await awaitIdle();
});

test('bad input has the error class and names the field', async () => {
  const bad = async (fields, param) => assert.rejects(
    client.completions.create({ model, prompt, ...fields }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
      assert.equal(error.status, 400);
      assert.equal(error.type, 'invalid_request_error');
      assert.equal(error.param, param);
      return true;
    });
  await bad({ temperature: 3 }, 'temperature');
  await bad({ n: 0 }, 'n');
  await bad({ logprobs: 9 }, 'logprobs');
  await bad({ echo: true }, 'echo');
  await bad({ prompt: [] }, 'prompt');
  await bad({ prompt: [5000] }, 'prompt[0]');
  await bad({ max_tokens: 5000 }, 'prompt');
  await bad({ stop: ['a', 'b', 'c', 'd', 'e'], stream: true }, 'stop');
  await bad({ messages: [] }, 'messages');
});

test('what is not there has the error class for it', async () => {
  await assert.rejects(client.completions.create({ model: 'gpt-4', prompt }), (error) => (
    error instanceof OpenAI.NotFoundError && error.code === 'model_not_found'));
  await assert.rejects(client.models.retrieve('gpt-4'), OpenAI.NotFoundError);
  await assert.rejects(client.chat.completions.create({ model, messages: [] }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === 'unknown_url');
});

test('metrics have the names that gateways look for', async () => {
  await awaitIdle();
  const response = await fetch(`${url}/metrics`);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const metrics = await response.text();
  for (const name of ['num_requests_running', 'num_requests_waiting', 'kv_cache_usage_perc']) {
    assert.match(metrics, new RegExp(`^vllm:${name}\\{.*model_name="target".*\\} [0-9.]+$`, 'm'));
  }
  assert.match(metrics, /^vllm:cache_config_info\{.*block_size="16".*\} 1(\.0)?$/m);
  assert.match(metrics, /^vllm:time_to_first_token_seconds_bucket\{.*le="\+Inf".*\} [1-9]/m);
  assert.match(metrics, /^vllm:request_success_total\{.*finished_reason="abort".*\} [1-9]/m);
});

test('a full house is told with a time to come back', async () => {
  await awaitIdle();
  const controller = new AbortController();
  const streams = [];
  let refused = null;
  while (refused === null) {
    assert.ok(streams.length < 10, 'ten times 60 answers wait, though 128 may');
    try {
      streams.push(await client.completions.create(
        { ...neverEnding, n: 60 }, { signal: controller.signal }));
    } catch (error) {
      refused = error;
    }
  }
  assert.ok(refused instanceof OpenAI.RateLimitError, `${refused}`);
  assert.equal(refused.code, 'rate_limit_exceeded');
  assert.match(refused.headers.get('retry-after'), /^[1-9][0-9]*$/);
  assert.ok(streams.length >= 2);
  controller.abort();
  await Promise.allSettled(streams.map(read));
  await awaitIdle();
});
