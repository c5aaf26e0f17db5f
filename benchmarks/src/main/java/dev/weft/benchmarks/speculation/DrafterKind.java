package dev.weft.benchmarks.speculation;

import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Drafter;
import dev.weft.speculative.DraftModel;
import dev.weft.speculative.ModelDrafter;
import dev.weft.speculative.ModelExpander;
import dev.weft.speculative.NgramDrafter;
import dev.weft.speculative.SuffixDrafter;
import dev.weft.speculative.TreeDrafter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** The drafters that are compared, each with its defaults. */
enum DrafterKind {
  /** Prompt lookup. */
  NGRAM,

  /** Suffix decoding, chains and trees. */
  SUFFIX,

  /** The shipped draft model, chains. */
  MODEL,

  /** The shipped draft model, trees with up to three children a node. */
  TREE,

  /** The first layer of the target itself, chains. */
  SELF;

  /** Longest chain and largest tree. */
  static final int MAX_NUM_DRAFT_TOKENS = 8;

  /** Layers of the target that draft. */
  static final int NUM_SELF_LAYERS = 1;

  private static final int NUM_ALTERNATIVES = 3;

  /** A draft model of this size answers in time; the benchmark wants every answer. */
  private static final long TIME_LIMIT_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** As it is written in files. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** As it is written in tables. */
  String title() {
    return switch (this) {
      case NGRAM -> "n-gram";
      case SUFFIX -> "suffix";
      case MODEL -> "draft model";
      case TREE -> "draft tree";
      case SELF -> "first layer";
    };
  }

  /** True when what it learns from one run would serve the next, which has the same prompts. */
  boolean learnsOutputs() {
    return this == SUFFIX;
  }

  /** True when drafting computes a model, a round for each token of a chain. */
  boolean hasModel() {
    return this == MODEL || this == TREE || this == SELF;
  }

  /** A new one. */
  Drafter create(Models models, ServerSize size) {
    return switch (this) {
      case NGRAM -> NgramDrafter.builder().maxNumSequences(size.maxNumSeqs())
          .maxNumDraftTokens(MAX_NUM_DRAFT_TOKENS).build();
      case SUFFIX -> SuffixDrafter.builder().maxNumSequences(size.maxNumSeqs())
          .maxNumDraftTokens(MAX_NUM_DRAFT_TOKENS).build();
      case MODEL -> new ModelDrafter(
          over(models.draft(), size), MAX_NUM_DRAFT_TOKENS);
      case TREE -> new TreeDrafter(new ModelExpander(
          over(models.draft(), size), MAX_NUM_DRAFT_TOKENS,
          NUM_ALTERNATIVES), MAX_NUM_DRAFT_TOKENS);
      case SELF -> new ModelDrafter(
          over(models.target().firstLayers(NUM_SELF_LAYERS), size), MAX_NUM_DRAFT_TOKENS);
    };
  }

  private static DraftModel over(HostModel model, ServerSize size) {
    HostExecutor executor = HostExecutor.builder(model).numThreads(size.numDraftThreads())
        .blockSize(Server.BLOCK_SIZE).numBlocks(size.numBlocks()).maxModelLen(size.maxModelLen())
        .maxNumRows(size.maxNumSeqs()).numSlots(size.maxNumSeqs())
        .maxNumBatchedTokens(size.maxNumBatchedTokens()).build();
    return new DraftModel(executor, System::nanoTime, TIME_LIMIT_NANOS);
  }
}
