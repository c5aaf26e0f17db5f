package dev.weft.benchmarks;

import dev.weft.engine.journal.TokenForm;

/** The engines that a workload can be run on; one JVM measures one of them. */
public enum EngineKind {
  /** Weft with its default policy. */
  WEFT {
    @Override MeasuredEngine start(MeasuredLimits limits) {
      return new MeasuredScheduler(limits);
    }
  },
  /** Weft with the policy that decides as vLLM does, and its cache of equal blocks. */
  VLLM {
    @Override MeasuredEngine start(MeasuredLimits limits) {
      return MeasuredScheduler.likeVllm(limits);
    }
  },
  /** Weft with a flight recorder that hashes tokens. */
  RECORDED {
    @Override MeasuredEngine start(MeasuredLimits limits) {
      return MeasuredScheduler.recorded(limits, TokenForm.HASHED);
    }
  },
  /** Weft with a flight recorder that keeps tokens in clear. */
  RECORDED_CLEAR {
    @Override MeasuredEngine start(MeasuredLimits limits) {
      return MeasuredScheduler.recorded(limits, TokenForm.CLEAR);
    }
  },
  /** What one writes first, with collections: see {@link NaiveScheduler}. */
  NAIVE {
    @Override MeasuredEngine start(MeasuredLimits limits) {
      return new NaiveEngine(limits);
    }
  };

  abstract MeasuredEngine start(MeasuredLimits limits);
}
