package dev.weft.benchmarks.speculation;

import dev.weft.schedulerapi.DraftLengthPolicy;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.speculative.DraftCost;
import dev.weft.speculative.FixedDraftLength;
import dev.weft.speculative.GoodputDraftLength;
import dev.weft.speculative.MeasuredStepTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A drafter, or none, with a server of its own; lengths are exchanged from run to run. */
final class Contestant implements AutoCloseable {
  private final @Nullable DrafterKind kind;
  private final Server server;
  private @Nullable DraftLengthPolicy goodput;

  /** @param kind null drafts nothing */
  Contestant(@Nullable DrafterKind kind, Models models, BenchOptions options) {
    this.kind = kind;
    ServerSize size = new ServerSize(options.maxBatchSize(),
        PromptKind.LENGTH + options.numNewTokens(), options.numThreads(),
        options.numDraftThreads(), 2);
    server = new Server(models, kind == null ? null : () -> kind.create(models, size), size);
  }

  String label() {
    return kind == null ? RunRow.NONE : kind.label();
  }

  /**
   * Runs once.
   *
   * @param length what {@link RunRow#length} says
   */
  Served serve(List<int[]> prompts, int batchSize, SamplingParameters sampling, String length) {
    if (kind != null && kind.learnsOutputs()) {
      server.renewDrafter(); // The same outputs again would be no news to it.
    }
    return server.serve(prompts, batchSize, sampling, lengths(length));
  }

  private DraftLengthPolicy lengths(String length) {
    if (!length.equals(RunRow.GOODPUT)) {
      return new FixedDraftLength(Integer.parseInt(length));
    }
    if (goodput == null) {
      throw new IllegalStateException(label() + " was not warmed up");
    }
    return goodput;
  }

  /**
   * Compiles the code, and learns what drafting costs: a policy that takes drafts for free would
   * have a model draft too much.
   */
  void warmUp(List<int[]> prompts, SamplingParameters sampling) {
    String longest = Integer.toString(DrafterKind.MAX_NUM_DRAFT_TOKENS);
    Served together = serve(prompts, prompts.size(), sampling, longest);
    Served alone = serve(prompts.subList(0, 1), 1, sampling, longest);
    for (int i = 0; i < 2; i++) {
      together = serve(prompts, prompts.size(), sampling, longest);
      alone = serve(prompts.subList(0, Math.min(4, prompts.size())), 1, sampling, longest);
    }
    goodput = new GoodputDraftLength(new MeasuredStepTime(),
        kind != null && kind.hasModel() ? cost(alone, together) : DraftCost.NONE,
        DrafterKind.MAX_NUM_DRAFT_TOKENS);
  }

  /** Rounds and drafts as the two runs tell them apart. */
  private static DraftCost cost(Served alone, Served together) {
    double perRoundAlone = nanosPerRound(alone);
    double perRoundTogether = nanosPerRound(together);
    double draftsAlone = draftsPerRound(alone);
    double draftsTogether = draftsPerRound(together);
    double perDraft = draftsTogether > draftsAlone
        ? Math.max(0, (perRoundTogether - perRoundAlone) / (draftsTogether - draftsAlone)) : 0;
    return new DraftCost(Math.max(0, perRoundAlone - perDraft * draftsAlone), perDraft);
  }

  private static double nanosPerRound(Served run) {
    return (double) run.draftNanos() / run.numSteps() / DrafterKind.MAX_NUM_DRAFT_TOKENS;
  }

  private static double draftsPerRound(Served run) {
    return (double) run.drafts().numDrafted() / run.numSteps() / DrafterKind.MAX_NUM_DRAFT_TOKENS;
  }

  @Override public void close() {
    server.close();
  }
}
