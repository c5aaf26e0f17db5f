package dev.weft.schedulerapi;

import java.util.Objects;
import java.util.Set;

/**
 * What an executor is and can do; constant for its life.
 *
 * @param vocabularySize        token ids are 0 to this, exclusive
 * @param maxModelLen           longest sequence, in tokens
 * @param blockSize             positions of one KV block
 * @param numBlocks             KV blocks, the null block 0 included
 * @param numSlots              sequences that can be attached; at least twice the running ones lets
 *                              a slot rest until its detaching step completed
 * @param maxNumRows            rows of one step
 * @param maxNumBatchedTokens   tokens of one step
 * @param maxNumDraftTokens     drafts of one row; 0 when it cannot verify
 * @param maxInFlight           steps that may be submitted and not yet polled
 * @param maxNumLogprobs        alternatives reported with a token; -1 when it reports none
 * @param kvKind                how KV entries are kept
 * @param mixesPrefillAndDecode whether one step may hold decode rows (a sequence goes on from the
 *                              token sampled last, with or without drafts) and others
 * @param chunkUnit             a row that does not reach the last token is a multiple of this
 * @param supportsMasks         whether rows may carry a token mask
 * @param supportsAdapters      whether sequences may ask for an adapter
 * @param verifiesTrees         whether the drafts of a row may be a tree
 * @param verifications         how drafts can be accepted; {@link Verification#COUPLED} always
 * @param supportsBlockCopies   whether blocks can be copied, so that samples may share a prompt
 * @param isDeterministic       whether the logits of a token, and so the tokens of a request and
 *                              their log-probabilities, do not depend to the bit on how it was
 *                              batched, chunked, placed, resumed and drafted; with {@link
 *                              Verification#COUPLED}, since the others let drafts change tokens
 */
public record ExecutorSpec(
    int vocabularySize,
    int maxModelLen,
    int blockSize,
    int numBlocks,
    int numSlots,
    int maxNumRows,
    int maxNumBatchedTokens,
    int maxNumDraftTokens,
    int maxInFlight,
    int maxNumLogprobs,
    KvKind kvKind,
    boolean mixesPrefillAndDecode,
    int chunkUnit,
    boolean supportsMasks,
    boolean supportsAdapters,
    boolean verifiesTrees,
    Set<Verification> verifications,
    boolean supportsBlockCopies,
    boolean isDeterministic) {
  /** Largest pool: block ids fit into 20 bits. */
  public static final int MAX_NUM_BLOCKS = 1 << 20;

  /** Checks every range. */
  public ExecutorSpec {
    Check.inRange("vocabularySize", vocabularySize, 2, 1 << 24);
    Check.inRange("maxModelLen", maxModelLen, 2, 1 << 24);
    Check.inRange("blockSize", blockSize, 1, 1 << 12);
    Check.inRange("numBlocks", numBlocks, 2, MAX_NUM_BLOCKS);
    Check.inRange("numSlots", numSlots, 1, 1 << 17);
    Check.inRange("maxNumRows", maxNumRows, 1, numSlots);
    Check.inRange("maxNumBatchedTokens", maxNumBatchedTokens, 1, 1 << 24);
    Check.inRange("maxNumDraftTokens", maxNumDraftTokens, 0, 1 << 10);
    Check.inRange("maxInFlight", maxInFlight, 1, 16);
    Check.inRange("maxNumLogprobs", maxNumLogprobs, -1, SamplingParameters.MAX_NUM_LOGPROBS);
    Objects.requireNonNull(kvKind, "kvKind");
    Check.inRange("chunkUnit", chunkUnit, 1, maxNumBatchedTokens);
    verifications = Set.copyOf(verifications);
    if (!verifications.contains(Verification.COUPLED)) {
      throw new IllegalArgumentException(
          "verifications is " + verifications + ", must contain COUPLED");
    }
    if (verifiesTrees && maxNumDraftTokens == 0) {
      throw new IllegalArgumentException(
          "verifiesTrees is true, must be false where maxNumDraftTokens is 0");
    }
    if (supportsBlockCopies && kvKind != KvKind.BLOCK_TABLE) {
      throw new IllegalArgumentException(
          "supportsBlockCopies is true, must be false where kvKind is " + kvKind);
    }
  }

  /**
   * A spec with block tables, block copies, masks, adapters and log-probabilities that mixes rows
   * freely, has one step in flight and no drafts, and does not promise equal bits; set what
   * differs.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that has the values of this spec. */
  public Builder toBuilder() {
    return new Builder().vocabularySize(vocabularySize).maxModelLen(maxModelLen)
        .blockSize(blockSize).numBlocks(numBlocks).numSlots(numSlots).maxNumRows(maxNumRows)
        .maxNumBatchedTokens(maxNumBatchedTokens).maxNumDraftTokens(maxNumDraftTokens)
        .maxInFlight(maxInFlight).maxNumLogprobs(maxNumLogprobs).kvKind(kvKind)
        .mixesPrefillAndDecode(mixesPrefillAndDecode).chunkUnit(chunkUnit)
        .supportsMasks(supportsMasks).supportsAdapters(supportsAdapters)
        .verifiesTrees(verifiesTrees).verifications(verifications)
        .supportsBlockCopies(supportsBlockCopies).isDeterministic(isDeterministic);
  }

  /** Collects a spec. */
  public static final class Builder {
    private int vocabularySize = 1024;
    private int maxModelLen = 1024;
    private int blockSize = 16;
    private int numBlocks = 1024;
    private int numSlots = 128;
    private int maxNumRows = 64;
    private int maxNumBatchedTokens = 512;
    private int maxNumDraftTokens;
    private int maxInFlight = 1;
    private int maxNumLogprobs = SamplingParameters.MAX_NUM_LOGPROBS;
    private KvKind kvKind = KvKind.BLOCK_TABLE;
    private boolean mixesPrefillAndDecode = true;
    private int chunkUnit = 1;
    private boolean supportsMasks = true;
    private boolean supportsAdapters = true;
    private boolean verifiesTrees;
    private Set<Verification> verifications = Set.of(Verification.COUPLED);
    private boolean supportsBlockCopies = true;
    private boolean isDeterministic;

    private Builder() {}

    public Builder vocabularySize(int value) {
      vocabularySize = value;
      return this;
    }

    public Builder maxModelLen(int value) {
      maxModelLen = value;
      return this;
    }

    public Builder blockSize(int value) {
      blockSize = value;
      return this;
    }

    public Builder numBlocks(int value) {
      numBlocks = value;
      return this;
    }

    public Builder numSlots(int value) {
      numSlots = value;
      return this;
    }

    public Builder maxNumRows(int value) {
      maxNumRows = value;
      return this;
    }

    public Builder maxNumBatchedTokens(int value) {
      maxNumBatchedTokens = value;
      return this;
    }

    public Builder maxNumDraftTokens(int value) {
      maxNumDraftTokens = value;
      return this;
    }

    public Builder maxInFlight(int value) {
      maxInFlight = value;
      return this;
    }

    public Builder maxNumLogprobs(int value) {
      maxNumLogprobs = value;
      return this;
    }

    public Builder kvKind(KvKind value) {
      kvKind = value;
      return this;
    }

    public Builder mixesPrefillAndDecode(boolean value) {
      mixesPrefillAndDecode = value;
      return this;
    }

    public Builder chunkUnit(int value) {
      chunkUnit = value;
      return this;
    }

    public Builder supportsMasks(boolean value) {
      supportsMasks = value;
      return this;
    }

    public Builder supportsAdapters(boolean value) {
      supportsAdapters = value;
      return this;
    }

    public Builder verifiesTrees(boolean value) {
      verifiesTrees = value;
      return this;
    }

    public Builder verifications(Set<Verification> value) {
      verifications = value;
      return this;
    }

    public Builder supportsBlockCopies(boolean value) {
      supportsBlockCopies = value;
      return this;
    }

    public Builder isDeterministic(boolean value) {
      isDeterministic = value;
      return this;
    }

    /** @throws IllegalArgumentException naming the first value out of range */
    public ExecutorSpec build() {
      return new ExecutorSpec(vocabularySize, maxModelLen, blockSize, numBlocks, numSlots,
          maxNumRows, maxNumBatchedTokens, maxNumDraftTokens, maxInFlight, maxNumLogprobs, kvKind,
          mixesPrefillAndDecode, chunkUnit, supportsMasks, supportsAdapters, verifiesTrees,
          verifications, supportsBlockCopies, isDeterministic);
    }
  }
}
