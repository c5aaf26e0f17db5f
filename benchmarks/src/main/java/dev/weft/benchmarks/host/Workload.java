package dev.weft.benchmarks.host;

/** What is timed. */
enum Workload {
  /** One prompt of 512 tokens, and one token sampled. */
  PREFILL_512("prefill 512", 1, 512),
  /** Decode steps of one sequence. */
  DECODE_1("decode, batch 1", 1, Workload.DECODE_CONTEXT),
  /** Decode steps of 4 sequences. */
  DECODE_4("batch 4", 4, Workload.DECODE_CONTEXT),
  /** Decode steps of 16 sequences. */
  DECODE_16("batch 16", 16, Workload.DECODE_CONTEXT),
  /** Decode steps of 32 sequences. */
  DECODE_32("batch 32", 32, Workload.DECODE_CONTEXT);

  /** Positions computed before the first timed decode step. */
  private static final int DECODE_CONTEXT = 128;

  private final String label;
  private final int batchSize;
  private final int promptLength;

  Workload(String label, int batchSize, int promptLength) {
    this.label = label;
    this.batchSize = batchSize;
    this.promptLength = promptLength;
  }

  String label() {
    return label;
  }

  int batchSize() {
    return batchSize;
  }

  int promptLength() {
    return promptLength;
  }

  boolean isPrefill() {
    return this == PREFILL_512;
  }

  /** Tokens of one run: those of the prompt, or those decoded. */
  long numTokens(BenchModel model) {
    return isPrefill() ? promptLength : (long) batchSize * model.numDecodeSteps();
  }

  /** Floating-point operations per token. */
  double flopsPerToken(BenchModel model) {
    return isPrefill()
        ? model.shape().prefillFlops(promptLength) / promptLength
        : model.shape().decodeFlops(meanContext(model));
  }

  /** Bytes read per token at least; a prompt reads the weights once. */
  double bytesPerToken(BenchModel model) {
    return isPrefill()
        ? (double) model.shape().weightBytes() / promptLength
        : model.shape().decodeBytes(batchSize, meanContext(model)) / batchSize;
  }

  private double meanContext(BenchModel model) {
    return promptLength + (model.numDecodeSteps() + 1) / 2.0;
  }
}
