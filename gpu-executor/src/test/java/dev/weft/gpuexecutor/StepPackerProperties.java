package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.testkit.PlanWriter;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What was packed can be read again, fits, and costs no garbage. */
class StepPackerProperties {
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Random random = new Random();
  private IntBuffer packed = IntBuffer.allocate(0);

  private static StepPacker packer(ExecutorSpec spec) {
    return new StepPacker(
        spec, new SlotLayout(spec), new ResultLayout(spec), new OneItemPerRow(spec.maxNumRows()));
  }

  private ExecutorSpec spec() {
    int maxNumRows = 1 + random.nextInt(6);
    int maxNumDrafts = random.nextInt(9);
    return ExecutorSpec.builder()
        .vocabularySize(2 + random.nextInt(100))
        .maxModelLen(2 + random.nextInt(60))
        .blockSize(1 << random.nextInt(5))
        .numBlocks(2 + random.nextInt(30))
        .numSlots(maxNumRows + random.nextInt(4))
        .maxNumRows(maxNumRows)
        .maxNumBatchedTokens(1 + random.nextInt(60))
        .maxNumDraftTokens(maxNumDrafts)
        .verifiesTrees(maxNumDrafts > 0)
        .maxNumLogprobs(random.nextInt(6) - 1)
        .build();
  }

  @Property(tries = 200)
  void whatWasPackedCanBeRead(@ForAll long seed) {
    random.setSeed(seed);
    ExecutorSpec spec = spec();
    RandomPlans plans = new RandomPlans(spec, random);
    PlanCheck check = new PlanCheck(spec);
    HostSteps host = new HostSteps(spec);
    StepPacker packer = packer(spec);
    packed = IntBuffer.allocate(packer.maxBytes() / Integer.BYTES);
    for (int i = 0; i < 10; i++) {
      StepPlan plan = plans.next();
      check.accept(plan);
      for (int at = 0; at < packed.capacity(); at++) {
        packed.put(at, random.nextInt());
      }

      int bytes = packer.pack(plan, packed, i);

      assertThat(bytes).isLessThanOrEqualTo(packer.maxBytes()).isPositive();
      checkRows(spec, plan);
      checkAttached(spec, plan);
      checkChanges(plan);
      plans.apply(host.run(plan, random));
    }
  }

  private void checkRows(ExecutorSpec spec, StepPlan plan) {
    assertThat(packed.get(HEADER_NUM_ROWS)).isEqualTo(plan.numRows());
    int numTokens = 0;
    int numLogits = 0;
    for (int row = 0; row < plan.numRows(); row++) {
      int record = packed.get(HEADER_ROWS) + row * ROW_INTS;
      int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
      int count = plan.numTokens(row) - plan.numDraftTokens(row) + numDrafts;
      assertThat(packed.get(record + ROW_SLOT)).isEqualTo(plan.slot(row));
      assertThat(packed.get(record + ROW_START_POSITION)).isEqualTo(plan.startPosition(row));
      assertThat(packed.get(record + ROW_NUM_TOKENS)).isEqualTo(count);
      assertThat(packed.get(record + ROW_NUM_DRAFTS)).isEqualTo(numDrafts);
      assertThat(packed.get(record + ROW_FIRST_TOKEN)).isEqualTo(numTokens);
      assertThat(packed.get(record + ROW_FIRST_LOGIT))
          .isEqualTo(plan.isSampled(row) ? numLogits : -1);
      for (int i = 0; i < count; i++) {
        int at = packed.get(record + ROW_FIRST_TOKEN) + i;
        assertThat(packed.get(packed.get(HEADER_TOKENS) + at)).isEqualTo(plan.token(row, i));
        assertThat(packed.get(packed.get(HEADER_TOKEN_ROWS) + at)).isEqualTo(row);
      }
      checkMasks(spec, plan, row, packed.get(record + ROW_MASKS), numDrafts);
      checkTree(plan, row, packed.get(record + ROW_TREE), numDrafts);
      numTokens += count;
      numLogits += plan.isSampled(row) ? 1 + numDrafts : 0;
    }
    assertThat(packed.get(HEADER_NUM_TOKENS)).isEqualTo(numTokens);
    assertThat(packed.get(HEADER_NUM_LOGITS)).isEqualTo(numLogits);
  }

  private void checkMasks(ExecutorSpec spec, StepPlan plan, int row, int masks, int numDrafts) {
    assertThat(masks >= 0).isEqualTo(plan.hasMask(row));
    for (int index = 0; masks >= 0 && index <= numDrafts; index++) {
      int mask = masks + index * packed.get(HEADER_MASK_STRIDE);
      for (int token = 0; token < spec.vocabularySize(); token++) {
        assertThat(packed.get(mask + token / 32) >>> token & 1)
            .isEqualTo((int) (plan.maskWord(row, index, token / 64) >>> token & 1));
      }
    }
  }

  private void checkTree(StepPlan plan, int row, int tree, int numDrafts) {
    assertThat(tree >= 0).isEqualTo(plan.hasDraftTree(row));
    for (int draft = 0; tree >= 0 && draft < numDrafts; draft++) {
      int record = tree + draft * TREE_INTS;
      assertThat(packed.get(record + TREE_PARENT)).isEqualTo(plan.draftParent(row, draft));
      int depth = 0;
      long path = 0;
      for (int node = draft; node >= 0; node = plan.draftParent(row, node)) {
        depth++;
        path |= 1L << node;
      }
      assertThat(packed.get(record + TREE_DEPTH)).isEqualTo(depth);
      assertThat(packed.get(record + TREE_MASK_LOW)).isEqualTo((int) path);
      assertThat(packed.get(record + TREE_MASK_HIGH)).isEqualTo((int) (path >>> 32));
    }
  }

  private void checkAttached(ExecutorSpec spec, StepPlan plan) {
    assertThat(packed.get(HEADER_NUM_ATTACHED)).isEqualTo(plan.numAttached());
    for (int i = 0; i < plan.numAttached(); i++) {
      int record = packed.get(HEADER_ATTACHED) + i * ATTACHED_INTS;
      SamplingParameters parameters = plan.attachedSampling(i);
      assertThat(packed.get(record + ATTACHED_SLOT)).isEqualTo(plan.attachedSlot(i));
      assertThat(packed.get(record + SLOT_SEED)).isEqualTo((int) plan.attachedSeed(i));
      assertThat(real(record + SLOT_TOP_P)).isEqualTo(parameters.topP());
      assertThat(real(record + SLOT_MIN_P)).isEqualTo(parameters.minP());
      assertThat(real(record + SLOT_PRESENCE_PENALTY)).isEqualTo(parameters.presencePenalty());
      assertThat(real(record + SLOT_FREQUENCY_PENALTY)).isEqualTo(parameters.frequencyPenalty());
      assertThat(real(record + SLOT_REPETITION_PENALTY))
          .isEqualTo(parameters.repetitionPenalty());
      assertThat(packed.get(record + SLOT_MIN_NEW_TOKENS)).isEqualTo(parameters.minNewTokens());
      int numTop = Math.min(parameters.numLogprobs(), spec.maxNumLogprobs());
      assertThat(packed.get(record + SLOT_NUM_LOGPROBS))
          .isEqualTo(Math.min(numTop, spec.vocabularySize()));
      int history = packed.get(record + ATTACHED_HISTORY);
      int numHistory = plan.attachedNumTokens(i);
      assertThat(packed.get(record + ATTACHED_NUM_HISTORY)).isEqualTo(numHistory);
      for (int position = 0; position < numHistory; position++) {
        assertThat(packed.get(history + position)).isEqualTo(plan.attachedToken(i, position));
      }
    }
  }

  private float real(int at) {
    return Float.intBitsToFloat(packed.get(at));
  }

  private void checkChanges(StepPlan plan) {
    assertThat(packed.get(HEADER_NUM_TABLE_WRITES)).isEqualTo(plan.numTableWrites());
    boolean isTwice = false;
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < plan.numTableWrites(); i++) {
      int write = packed.get(HEADER_TABLE_WRITES) + i * WRITE_INTS;
      assertThat(packed.get(write + WRITE_SLOT)).isEqualTo(plan.tableWriteSlot(i));
      assertThat(packed.get(write + WRITE_INDEX)).isEqualTo(plan.tableWriteIndex(i));
      assertThat(packed.get(write + WRITE_BLOCK)).isEqualTo(plan.tableWriteBlock(i));
      String place = plan.tableWriteSlot(i) + " " + plan.tableWriteIndex(i);
      isTwice |= places.put(place, i) != null;
    }
    assertThat(packed.get(HEADER_FLAGS) == FLAG_TABLE_WRITES_IN_ORDER || !isTwice).isTrue();
    assertThat(packed.get(HEADER_NUM_COPIES)).isEqualTo(plan.numBlockCopies());
    for (int i = 0; i < plan.numBlockCopies(); i++) {
      int copy = packed.get(HEADER_COPIES) + i * COPY_INTS;
      assertThat(packed.get(copy + COPY_SOURCE)).isEqualTo(plan.copySource(i));
      assertThat(packed.get(copy + COPY_TARGET)).isEqualTo(plan.copyTarget(i));
    }
  }

  // ---- the largest plan

  /** A plan that brings and changes all it can: the bound is neither too small nor far larger. */
  @Example
  void theLargestPlanFitsAndNotMuchMoreIsReserved() {
    ExecutorSpec spec =
        ExecutorSpec.builder()
            .vocabularySize(1100)
            .maxModelLen(100)
            .blockSize(4)
            .numBlocks(40)
            .numSlots(6)
            .maxNumRows(5)
            .maxNumBatchedTokens(44)
            .maxNumDraftTokens(8)
            .verifiesTrees(true)
            .build();
    StepPacker packer = packer(spec);
    packed = IntBuffer.allocate(packer.maxBytes() / Integer.BYTES);

    int bytes = packer.pack(largest(spec), packed, 0);

    assertThat(bytes)
        .isLessThanOrEqualTo(packer.maxBytes())
        .isGreaterThan(packer.maxBytes() - 600);
  }

  private StepPlan largest(ExecutorSpec spec) {
    Map<Integer, Float> biases = new HashMap<>();
    IntStream.range(0, 1024).forEach(token -> biases.put(token, 1f));
    SamplingParameters parameters =
        SamplingParameters.builder()
            .presencePenalty(1)
            .stopTokenIds(IntStream.range(0, 64).toArray())
            .logitBias(biases)
            .build();
    PlanWriter writer = new PlanWriter();
    int[] known = random.ints(100, 0, 1100).toArray();
    Request request = Request.builder(1, known).sampling(parameters).build();
    for (int slot = 0; slot < spec.numSlots(); slot++) {
      writer.attach(slot, request, 0, 1, known);
      writer.blocks(slot, IntStream.range(1, 26).toArray());
    }
    IntStream.range(1, 40).forEach(block -> writer.copyBlock(block, block));
    for (int slot = 0; slot < 5; slot++) {
      int numDrafts = slot < 4 ? 8 : 7;
      int[] drafts = IntStream.range(0, numDrafts).toArray();
      int[] parents = new int[numDrafts];
      Arrays.fill(parents, -1);
      writer.sampledRow(slot, 50, 7).draftTree(drafts, parents);
      writer.mask(1100, 5);
      IntStream.range(0, numDrafts).forEach(draft -> writer.maskBehind(draft, 1100, 5));
    }
    StepPlan plan = writer.write();
    new PlanCheck(spec).accept(plan);
    return plan;
  }

  // ---- garbage

  @Example
  void packingAllocatesNothing() {
    random.setSeed(1);
    ExecutorSpec spec = ExecutorSpec.builder().maxNumDraftTokens(8).build();
    RandomPlans plans = new RandomPlans(spec, random);
    StepPlan plan = plans.next();
    StepPacker packer = packer(spec);
    IntBuffer target =
        ByteBuffer.allocateDirect(packer.maxBytes()).order(ByteOrder.nativeOrder()).asIntBuffer();

    long fewest = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int repetition = 0; repetition < 1000; repetition++) {
        packer.pack(plan, target, repetition);
      }
      fewest = Math.min(fewest, THREADS.getCurrentThreadAllocatedBytes() - before);
    }

    assertThat(fewest).isZero();
  }
}
