package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepExecutor;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import dev.weft.testkit.PlanWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Some requests, scheduled at random from one seed: in chunks, beside each other, with steps in
 * flight, with right and wrong drafts in chains and trees, with placeholders, preempted and resumed
 * in other slots and blocks. In the end each must have the tokens and log-probabilities that it has
 * alone.
 */
final class ScheduledScenario {
  static final int BLOCK_SIZE = 4;
  static final int MAX_MODEL_LEN = 96;
  static final int NUM_SLOTS = 8;
  static final int MAX_NUM_DRAFTS = 6;
  static final int MAX_IN_FLIGHT = 3;
  static final int MAX_NUM_ROWS = 4;
  static final int MAX_NUM_TOKENS = 47;
  static final int NUM_BLOCKS = 200;
  private static final long TIMEOUT_NANOS = 60_000_000_000L;

  /** An executor under test, and what it should say. */
  interface Subject {
    /** An executor with the limits of this class. */
    StepExecutor newExecutor(Random random);

    /** What a request gets that is alone. */
    SoloOutput alone(int[] prompt, SamplingParameters parameters, long seed);

    int vocabularySize();

    /** Whether a tree of drafts gives the same as no drafts, to the bit. */
    boolean verifiesTrees();

    /** Output tokens of a request at most. */
    default int maxNumOutput() {
      return 30;
    }
  }

  private final Subject subject;
  private final Random random;
  private final PlanWriter writer = new PlanWriter();
  private final ArrayDeque<List<Sequence>> inFlight = new ArrayDeque<>();
  private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
  private final List<Integer> freeBlocks = new ArrayList<>();
  private final StepResult result = new StepResult(MAX_NUM_ROWS, MAX_NUM_DRAFTS, 20);

  ScheduledScenario(Subject subject, long seed) {
    this.subject = subject;
    random = new Random(seed);
    for (int slot = 0; slot < NUM_SLOTS; slot++) {
      freeSlots.add(slot);
    }
    for (int block = 1; block < NUM_BLOCKS; block++) {
      freeBlocks.add(block);
    }
  }

  /** One request on its way through the executor. */
  private static final class Sequence {
    final Request request;
    final long seed;
    final SoloOutput expected;
    final List<Integer> tokens = new ArrayList<>();
    final List<Float> logprobs = new ArrayList<>();
    final List<Integer> blocks = new ArrayList<>();
    int slot = -1;
    int numComputed;
    boolean hasDraftsInFlight;

    Sequence(Request request, long seed, SoloOutput expected) {
      this.request = request;
      this.seed = seed;
      this.expected = expected;
    }

    int numOutput() {
      return tokens.size() - request.numPromptTokens();
    }

    boolean isDone() {
      return numOutput() >= expected.tokens().length;
    }

    int[] known(int from, int count) {
      return tokens.subList(from, from + count).stream().mapToInt(t -> t).toArray();
    }
  }

  void run() throws InterruptedException {
    List<Sequence> sequences = sequences();
    try (StepExecutor executor = subject.newExecutor(random)) {
      while (!sequences.stream().allMatch(Sequence::isDone) || !inFlight.isEmpty()) {
        boolean mayPreempt = inFlight.isEmpty() && random.nextInt(4) == 0;
        if (mayPreempt) {
          preemptOne(executor, sequences);
        }
        submitStep(executor, sequences);
        boolean mustFinish = inFlight.size() == MAX_IN_FLIGHT || random.nextBoolean();
        if (mustFinish && !inFlight.isEmpty()) {
          finishStep(executor);
        }
      }
    }
    sequences.forEach(ScheduledScenario::check);
  }

  // ---- requests

  private List<Sequence> sequences() {
    List<Sequence> sequences = new ArrayList<>();
    for (int id = 0; id < 5; id++) {
      int[] prompt = random.ints(1 + random.nextInt(40), 3, subject.vocabularySize()).toArray();
      SamplingParameters parameters = parameters();
      long seed = random.nextLong();
      Request request = Request.builder(id, prompt).sampling(parameters).build();
      SoloOutput expected = subject.alone(prompt, parameters, seed);
      Sequence sequence = new Sequence(request, seed, expected);
      Arrays.stream(prompt).forEach(sequence.tokens::add);
      sequences.add(sequence);
    }
    return sequences;
  }

  private SamplingParameters parameters() {
    SamplingParameters.Builder builder =
        SamplingParameters.builder()
            .maxNewTokens(1 + random.nextInt(subject.maxNumOutput()))
            .numLogprobs(random.nextInt(4) - 1);
    if (random.nextBoolean()) {
      builder.temperature(0.5f + random.nextFloat()).topP(0.8f + random.nextFloat() / 5);
    }
    if (random.nextBoolean()) {
      builder.repetitionPenalty(1.3f).presencePenalty(0.5f).frequencyPenalty(0.2f);
    }
    if (random.nextBoolean()) {
      builder.stopTokenIds(random.ints(60, 0, subject.vocabularySize()).toArray()).minNewTokens(1);
    }
    if (random.nextBoolean()) {
      builder.topK(1 + random.nextInt(50)).minP(0.01f).logitBias(Map.of(37, 1f, 500, -2f));
    }
    return builder.build();
  }

  // ---- steps

  private void submitStep(StepExecutor executor, List<Sequence> sequences) {
    List<Sequence> rows = new ArrayList<>();
    int numTokensLeft = MAX_NUM_TOKENS;
    for (Sequence sequence : sequences) {
      boolean mayRun = !sequence.isDone() && !sequence.hasDraftsInFlight && hasRoom(sequence);
      if (mayRun && rows.size() < MAX_NUM_ROWS && numTokensLeft > 8 && random.nextInt(4) > 0) {
        numTokensLeft -= addRow(sequence, numTokensLeft);
        rows.add(sequence);
      }
    }
    if (!rows.isEmpty()) {
      StepPlan plan = writer.write();
      assertThat(executor.submit(plan)).isTrue();
      inFlight.add(rows);
    }
  }

  /** Steps in flight may run past the end of the output, but not past that of the model. */
  private static boolean hasRoom(Sequence sequence) {
    return sequence.numComputed < MAX_MODEL_LEN;
  }

  /** Adds a row and returns its number of tokens. */
  private int addRow(Sequence sequence, int numTokensLeft) {
    if (sequence.slot < 0) {
      sequence.slot = freeSlots.remove();
      boolean tells = sequence.request.sampling().hasPenalties();
      int[] known = sequence.known(0, tells ? sequence.tokens.size() : 0);
      writer.attach(sequence.slot, sequence.request, 0, sequence.seed, known);
    }
    int start = sequence.numComputed;
    int numPending = sequence.tokens.size() - start;
    if (numPending <= 0) {
      reserve(sequence, start + 1);
      writer.rowOnDevice(sequence.slot, start);
      sequence.numComputed++;
      return 1;
    }
    boolean isChunk = random.nextInt(3) == 0;
    int count = Math.min(isChunk ? 1 + random.nextInt(numPending) : numPending, numTokensLeft - 8);
    reserve(sequence, start + count);
    sequence.numComputed += count;
    int[] tokens = sequence.known(start, count);
    if (count < numPending) {
      writer.row(sequence.slot, start, tokens);
      return count;
    }
    writer.sampledRow(sequence.slot, start, tokens);
    return count + addDrafts(sequence);
  }

  private int addDrafts(Sequence sequence) {
    int room = MAX_MODEL_LEN - sequence.numComputed;
    int wanted = Math.min(room, random.nextInt(MAX_NUM_DRAFTS + 1));
    if (wanted == 0) {
      return 0;
    }
    reserve(sequence, sequence.numComputed + wanted);
    if (random.nextInt(4) == 0) {
      writer.placeholders(wanted);
      return wanted;
    }
    sequence.hasDraftsInFlight = true;
    if (subject.verifiesTrees() && random.nextBoolean()) {
      addTree(sequence, wanted);
      return wanted;
    }
    int[] drafts = random.ints(wanted, 0, subject.vocabularySize()).toArray();
    int numRight = random.nextInt(wanted + 1);
    int[] expected = sequence.expected.tokens();
    for (int i = 0; i < numRight && sequence.numOutput() + i < expected.length; i++) {
      drafts[i] = expected[sequence.numOutput() + i];
    }
    writer.drafts(drafts);
    return wanted;
  }

  /** A random tree, some path of which is right. */
  private void addTree(Sequence sequence, int numDrafts) {
    int[] expected = sequence.expected.tokens();
    int[] parents = new int[numDrafts];
    int[] drafts = new int[numDrafts];
    int lastRight = -1;
    int next = sequence.numOutput();
    for (int draft = 0; draft < numDrafts; draft++) {
      parents[draft] = random.nextInt(draft + 1) - 1;
      boolean mayBeRight = parents[draft] == lastRight && next < expected.length;
      if (mayBeRight && random.nextBoolean() && !hasTwin(parents, drafts, draft, expected[next])) {
        drafts[draft] = expected[next++];
        lastRight = draft;
      } else {
        do {
          drafts[draft] = random.nextInt(subject.vocabularySize());
        } while (hasTwin(parents, drafts, draft, drafts[draft]));
      }
    }
    writer.draftTree(drafts, parents);
  }

  private static boolean hasTwin(int[] parents, int[] drafts, int draft, int token) {
    return IntStream.range(0, draft)
        .anyMatch(other -> parents[other] == parents[draft] && drafts[other] == token);
  }

  private void reserve(Sequence sequence, int numPositions) {
    while (sequence.blocks.size() * BLOCK_SIZE < numPositions) {
      int block = freeBlocks.remove(random.nextInt(freeBlocks.size()));
      sequence.blocks.add(block);
      writer.blocks(sequence.slot, block);
    }
  }

  private void finishStep(StepExecutor executor) throws InterruptedException {
    assertThat(executor.await(TIMEOUT_NANOS)).isTrue();
    assertThat(executor.poll(result)).isTrue();
    assertThat(result.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    List<Sequence> rows = inFlight.remove();
    assertThat(result.numRows()).isEqualTo(rows.size());
    for (int row = 0; row < rows.size(); row++) {
      receive(rows.get(row), row);
    }
  }

  private void receive(Sequence sequence, int row) {
    assertThat(result.isFailedRow(row)).isFalse();
    int numTokens = result.numTokens(row);
    for (int i = 0; i < numTokens; i++) {
      sequence.tokens.add(result.token(row, i));
      sequence.logprobs.add(result.logprob(row, i));
    }
    if (numTokens > 0) {
      sequence.numComputed += numTokens - 1;
      sequence.hasDraftsInFlight = false;
    }
  }

  /** Takes slot and blocks away; they are used again at once, and others later by this sequence. */
  private void preemptOne(StepExecutor executor, List<Sequence> sequences)
      throws InterruptedException {
    Sequence victim = sequences.get(random.nextInt(sequences.size()));
    if (victim.slot >= 0) {
      writer.detach(victim.slot);
      assertThat(executor.submit(writer.write())).isTrue();
      inFlight.add(List.of());
      finishStep(executor);
      freeSlots.add(victim.slot);
      freeBlocks.addAll(victim.blocks);
      victim.blocks.clear();
      victim.slot = -1;
      victim.numComputed = 0;
    }
  }

  private static void check(Sequence sequence) {
    int numOutput = sequence.expected.tokens().length;
    int numPrompt = sequence.request.numPromptTokens();
    SamplingParameters parameters = sequence.request.sampling();
    assertThat(sequence.known(numPrompt, numOutput))
        .as("request %d %s", sequence.request.id(), parameters)
        .isEqualTo(sequence.expected.tokens());
    if (parameters.numLogprobs() >= 0) {
      for (int i = 0; i < numOutput; i++) {
        assertThat(sequence.logprobs.get(i)).isEqualTo(sequence.expected.logprob(i));
      }
    }
  }
}
