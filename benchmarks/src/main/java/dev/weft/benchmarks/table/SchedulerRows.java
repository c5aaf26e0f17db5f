package dev.weft.benchmarks.table;

import java.util.List;

/**
 * What the tables about scheduler and cache hold beside our own numbers: the least times known of
 * vLLM V1 (commit 2f41c894), measured on a shared 4-core AMD EPYC VM, and the goals.
 */
final class SchedulerRows {
  private static final String ADD_4096 = "AddBenchmark.add4096";
  private static final String ADD_32768 = "AddBenchmark.add32768";
  private static final String LOOKUP_4096 = "LookupBenchmark.lookup4096";
  private static final String LOOKUP_32768 = "LookupBenchmark.lookup32768";
  private static final String BATCHES = "PoolBenchmark.batches";

  /** A row of the table about drafts. */
  record Drafts(int numRequests, double vllm, double goal) {}

  static final List<Drafts> DRAFTS = List.of(
      new Drafts(64, 1084.5, Double.NaN),
      new Drafts(256, 4851.5, Double.NaN),
      new Drafts(1024, 21_916, 100));

  /** A row of the table about serving; the median of vLLM is the lower of two. */
  record Serving(String label, String kind, double vllmMedian, double vllmMean, double goal) {}

  static final List<Serving> SERVING = List.of(
      new Serving("W6, prefixes cached", "PREEMPT_CACHE", 1436, 1352, Double.NaN),
      new Serving("W6, not cached", "PREEMPT_NOCACHE", 1070, 1090, Double.NaN),
      new Serving("W6h, prefixes cached", "PREEMPT_HARD_CACHE", 1734, 1903, Double.NaN),
      new Serving("W6h, not cached", "PREEMPT_HARD_NOCACHE", 1406, 1625, Double.NaN),
      new Serving("W7", "CHURN", 6143, 5982, 20));

  static final List<Row> PROMPTS = List.of(
      Row.of("construct and add, 4,096 tokens", ADD_4096, "kind=ADD", "request"),
      Row.of("the same and look it up: 255 blocks hashed, found, verified", ADD_4096,
          "kind=ADD_AND_MATCH", "request").vllm(490.8),
      Row.of("construct and add, 32,768 tokens", ADD_32768, "kind=ADD", "request"),
      Row.of("the same and look it up: 2,047 blocks", ADD_32768, "kind=ADD_AND_MATCH", "request")
          .vllm(4209),
      Row.of("lookup, 4,096 tokens: hit", LOOKUP_4096, "kind=HIT", "lookup").vllm(156.9),
      Row.of("first half hits", LOOKUP_4096, "kind=HALF", "lookup").vllm(80.3),
      Row.of("miss", LOOKUP_4096, "kind=MISS", "lookup").vllm(4.5),
      Row.of("open, look up, hold 255 and take 1", LOOKUP_4096, "kind=ADMIT", "lookup")
          .vllmWall(243.7),
      Row.of("give back 256", LOOKUP_4096, "kind=ADMIT", "free").vllmWall(35.1),
      Row.of("lookup, 32,768 tokens: hit", LOOKUP_32768, "kind=HIT", "lookup").vllm(1273)
          .goal(120),
      Row.of("first half hits", LOOKUP_32768, "kind=HALF", "lookup").vllm(625.3),
      Row.of("miss", LOOKUP_32768, "kind=MISS", "lookup").vllm(3.1),
      Row.of("open, look up, hold 2,047 and take 1", LOOKUP_32768, "kind=ADMIT", "lookup")
          .vllmWall(1798),
      Row.of("give back 2,048", LOOKUP_32768, "kind=ADMIT", "free").vllmWall(265.9));

  /** vLLM's least time for the keys of 32,768 tokens, wall, is 3,874 µs. */
  static final List<Row> HASH = List.of(
      Row.of("a block of 16 tokens", "HashBenchmark.hash", "", "").vllm(3874.1e3 / 2048).goal(25));

  static final List<Row> POOL = List.of(
      Row.of("take, 1 a call", BATCHES, "chunk=1", "alloc").vllm(693.1).goal(25),
      Row.of("give back, 1 a call", BATCHES, "chunk=1", "free").vllm(480.4).goal(25),
      Row.of("take, 64 a call", BATCHES, "chunk=64", "alloc").vllm(273).goal(25),
      Row.of("give back, 64 a call", BATCHES, "chunk=64", "free").vllm(125.6).goal(25),
      Row.of("take, 2,048 a call", BATCHES, "chunk=2048", "alloc").vllm(265.9).goal(25),
      Row.of("give back, 2,048 a call", BATCHES, "chunk=2048", "free").vllm(118.2).goal(25),
      Row.of("sweep by 64: take", "PoolBenchmark.sweep", "", "alloc").vllm(424.7).goal(25),
      Row.of("sweep by 64: give back", "PoolBenchmark.sweep", "", "free").vllm(164).goal(25),
      Row.of("once more, scattered: take", "PoolBenchmark.sweep2", "", "alloc").vllm(415.6)
          .goal(25),
      Row.of("once more, scattered: give back", "PoolBenchmark.sweep2", "", "free").vllm(164.3)
          .goal(25),
      Row.of("enter in the cache, hash included", "PoolBenchmark.evictSweep", "", "cacheInsert")
          .vllm(1802),
      Row.of("give back cached ones", "PoolBenchmark.evictSweep", "", "freeCached").vllm(187.3)
          .goal(25),
      Row.of("take, each evicts one", "PoolBenchmark.evictSweep", "", "allocEvict").vllm(1409)
          .goal(50));

  private SchedulerRows() {}
}
