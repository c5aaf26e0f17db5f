package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.StepResult;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.statistics.Statistics;

/**
 * Over sequences of random plans the device keeps the slots, prepares inputs, samples and verifies
 * as the host executor does.
 */
@AddLifecycleHook(SkipWithoutDevice.class)
class DeviceStepsProperties {
  private static final int NUM_STEPS = 10;

  private final Random random = new Random();

  @Property(tries = 30)
  void theDeviceDoesWhatTheHostDoes(@ForAll long seed) {
    random.setSeed(seed);
    ExecutorSpec spec = spec();
    RandomPlans plans = new RandomPlans(spec, random);
    PlanCheck check = new PlanCheck(spec);
    HostSteps host = new HostSteps(spec);
    try (DeviceSteps device = new DeviceSteps(spec, random.nextInt(6))) {
      for (int i = 0; i < NUM_STEPS; i++) {
        StepPlan plan = plans.next();
        check.accept(plan);
        host.prepare(plan);
        device.prepare(plan);
        checkInputs(spec, plan, host, device);

        float[][] logits = logits(spec, plan, host);
        int[] everywhere = host.sampleEverywhere(plan, logits);
        StepResult expected = device.newResult();
        host.sample(plan, logits, expected);
        device.sample(logits);
        assertThat(Arrays.copyOf(device.sampled.toInts(), logits.length)).isEqualTo(everywhere);
        device.verify();
        StepResult actual = device.result();
        checkResult(plan, expected, actual);
        checkSlots(spec, plan, host, device);
        plans.apply(actual);
      }
    }
  }

  private ExecutorSpec spec() {
    int maxNumRows = 1 + random.nextInt(5);
    return ExecutorSpec.builder()
        .vocabularySize(2 + random.nextInt(random.nextBoolean() ? 6 : 200))
        .maxModelLen(2 + random.nextInt(60))
        .blockSize(1 << random.nextInt(5))
        .numBlocks(2 + random.nextInt(30))
        .numSlots(maxNumRows + random.nextInt(4))
        .maxNumRows(maxNumRows)
        .maxNumBatchedTokens(1 + random.nextInt(60))
        .maxNumDraftTokens(random.nextInt(4) == 0 ? 40 : 1 + random.nextInt(7))
        .maxNumLogprobs(random.nextInt(6) - 1)
        .verifiesTrees(random.nextInt(4) > 0)
        .build();
  }

  /** Random ones, which often prefer one of the drafts that follow. */
  private float[][] logits(ExecutorSpec spec, StepPlan plan, HostSteps host) {
    float[][] logits = new float[host.batch.numLogits()][];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = new float[spec.vocabularySize()];
      for (int token = 0; token < logits[i].length; token++) {
        logits[i][token] = (float) (random.nextGaussian() * 3);
      }
    }
    for (int row = 0; row < plan.numRows(); row++) {
      int first = host.firstLogits[row];
      int numDrafts = plan.hasPlaceholders(row) ? 0 : plan.numDraftTokens(row);
      int firstDraft = plan.numTokens(row) - plan.numDraftTokens(row);
      for (int draft = 0; draft < numDrafts; draft++) {
        if (random.nextInt(4) > 0) {
          int token = plan.token(row, firstDraft + draft);
          logits[first + 1 + plan.draftParent(row, draft)][token] += 25;
        }
      }
      if (first >= 0 && random.nextInt(20) == 0) {
        logits[first + random.nextInt(1 + numDrafts)][0] = Float.NaN;
      }
    }
    return logits;
  }

  private static void checkInputs(
      ExecutorSpec spec, StepPlan plan, HostSteps host, DeviceSteps device) {
    int numTokens = host.batch.numTokens();
    int numLogits = host.batch.numLogits();
    assertThat(device.packer().numTokens()).isEqualTo(numTokens);
    assertThat(device.packer().numLogits()).isEqualTo(numLogits);
    int[] tokens = device.tokens.toInts();
    int[][] expected = new int[StepBlock.TOKEN_ARRAYS][numTokens];
    int[][] actual = new int[StepBlock.TOKEN_ARRAYS][];
    for (int array = 0; array < actual.length; array++) {
      int from = array * spec.maxNumBatchedTokens();
      actual[array] = Arrays.copyOfRange(tokens, from, from + numTokens);
    }
    for (int token = 0; token < numTokens; token++) {
      expected[StepBlock.TOKEN_ID][token] = host.batch.tokenId(token);
      expected[StepBlock.TOKEN_POSITION][token] = host.batch.position(token);
      expected[StepBlock.TOKEN_KV_SLOT][token] = host.kvSlot(token);
      expected[StepBlock.TOKEN_CACHE_POSITION][token] = host.batch.cachePosition(token);
      expected[StepBlock.TOKEN_TREE_LOW][token] = (int) host.treeMask(token);
      expected[StepBlock.TOKEN_TREE_HIGH][token] = (int) (host.treeMask(token) >>> 32);
    }
    assertThat(actual).isDeepEqualTo(expected);
    int[] logitTokens = device.logitTokens.toInts();
    int[] logitRows = device.logitRows.toInts();
    for (int i = 0; i < numLogits; i++) {
      assertThat(logitTokens[i]).isEqualTo(host.batch.logitToken(i));
    }
    for (int row = 0; row < plan.numRows(); row++) {
      if (host.firstLogits[row] >= 0) {
        assertThat(logitRows[host.firstLogits[row]]).isEqualTo(row);
      }
    }
  }

  private static void checkResult(StepPlan plan, StepResult expected, StepResult actual) {
    assertThat(actual.outcome()).isEqualTo(StepResult.Outcome.COMPLETED);
    assertThat(actual.stepId()).isEqualTo(plan.stepId());
    assertThat(actual.numRows()).isEqualTo(plan.numRows());
    assertThat(actual.deviceNanos()).isNotNegative();
    for (int row = 0; row < plan.numRows(); row++) {
      assertThat(actual.isFailedRow(row)).isEqualTo(expected.isFailedRow(row));
      assertThat(actual.numTokens(row)).isEqualTo(expected.numTokens(row));
      for (int i = 0; i < actual.numTokens(row); i++) {
        assertThat(actual.token(row, i)).isEqualTo(expected.token(row, i));
        checkLogprobs(row, i, expected, actual);
      }
      Statistics.label("tokens of a row").collect(Math.min(3, expected.numTokens(row)));
      Statistics.label("failed").collect(expected.isFailedRow(row));
    }
  }

  private static void checkLogprobs(int row, int index, StepResult expected, StepResult actual) {
    float logprob = expected.logprob(row, index);
    if (Float.isNaN(logprob)) {
      assertThat(actual.logprob(row, index)).isNaN();
      return;
    }
    assertThat(actual.logprob(row, index)).isCloseTo(logprob, within(1e-4f));
    for (int rank = 0; rank < 5; rank++) {
      int top = topToken(expected, row, index, rank);
      assertThat(topToken(actual, row, index, rank)).isEqualTo(top);
      if (top >= 0) {
        assertThat(actual.topLogprob(row, index, rank))
            .isCloseTo(expected.topLogprob(row, index, rank), within(1e-4f));
      }
    }
  }

  /** -1 behind the alternatives that a result has room for. */
  private static int topToken(StepResult result, int row, int index, int rank) {
    try {
      return result.topToken(row, index, rank);
    } catch (IndexOutOfBoundsException e) {
      return -1;
    }
  }

  private static void checkSlots(
      ExecutorSpec spec, StepPlan plan, HostSteps host, DeviceSteps device) {
    int[] slots = device.slots.toInts();
    int[] counts = device.acceptedCounts.toInts();
    int[] accepted = device.accepted.toInts();
    SlotLayout layout = device.slotLayout();
    for (int row = 0; row < plan.numRows(); row++) {
      int from = row * StepBlock.MAX_DRAFTS;
      assertThat(Arrays.copyOfRange(accepted, from, from + counts[row]))
          .isEqualTo(host.accepted[row]);
      SamplingState state = host.states[plan.slot(row)];
      int history = plan.slot(row) * layout.stride() + layout.history();
      for (int position = 0; position < state.numTokens(); position++) {
        assertThat(slots[history + position]).isEqualTo(state.token(position));
      }
    }
    for (int slot = 0; slot < spec.numSlots(); slot++) {
      int start = slot * layout.stride();
      assertThat(slots[start + StepBlock.SLOT_LAST_TOKEN]).isEqualTo(host.lastTokens[slot]);
      int table = start + layout.table();
      assertThat(Arrays.copyOfRange(slots, table, table + layout.maxBlocks()))
          .isEqualTo(host.tables[slot]);
    }
  }
}
