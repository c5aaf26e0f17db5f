package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.StepPlan;
import dev.weft.schedulerapi.Verification;
import dev.weft.testkit.PlanWriter;
import java.util.EnumSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A plan that asks for what the spec rules out is refused by the name of the field. */
class PlanCheckTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy(9);

  /** A sequence in slot 0, which has sampled its first token at position 3. */
  private final PlanWriter writer = new PlanWriter();

  private static ExecutorSpec.Builder spec() {
    return ExecutorSpec.builder()
        .vocabularySize(64)
        .maxModelLen(24)
        .blockSize(4)
        .maxNumDraftTokens(2)
        .verifications(EnumSet.allOf(Verification.class))
        .verifiesTrees(true);
  }

  /** Sees the plan refused by one spec, and taken by the spec that differs in this field alone. */
  private void refuses(
      ExecutorSpec.Builder poor, Consumer<PlanWriter> change, String message) {
    PlanCheck poorCheck = new PlanCheck(poor.build());
    PlanCheck richCheck = new PlanCheck(spec().build());
    writer.attach(0, request(1, GREEDY), 0).blocks(0, 1, 2).sampledRow(0, 0, 1, 2, 3, 4);
    StepPlan first = writer.write();
    poorCheck.accept(first);
    richCheck.accept(first);
    PlanWriter bad = writer.fork();
    change.accept(bad);
    StepPlan refused = bad.write();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> poorCheck.accept(refused))
        .withMessage("step 2 " + message);
    poorCheck.accept(writer.rowOnDevice(0, 4).write());
    richCheck.accept(refused);
  }

  private void refusesToAttach(
      ExecutorSpec.Builder poor, SamplingParameters sampling, String message) {
    refuses(poor, plan -> plan.attach(1, request(2, sampling), 0), message);
  }

  private static Request request(long id, SamplingParameters sampling) {
    return Request.builder(id, 1, 2, 3, 4).sampling(sampling).build();
  }

  @Test
  void trees() {
    refuses(
        spec().verifiesTrees(false),
        plan -> plan.sampledRow(0, 4, 5).draftTree(new int[] {6, 7}, new int[] {-1, -1}),
        "has a tree of drafts, but verifiesTrees is false: row 0");
  }

  @Test
  void verifications() {
    refusesToAttach(
        spec().verifications(EnumSet.of(Verification.COUPLED)),
        GREEDY.toBuilder().verification(Verification.REJECTION).build(),
        "asks for verification REJECTION, verifications is [COUPLED]");
  }

  @Test
  void logprobs() {
    refusesToAttach(
        spec().maxNumLogprobs(3),
        GREEDY.toBuilder().numLogprobs(4).build(),
        "asks for numLogprobs 4, maxNumLogprobs is 3");
  }

  @Test
  void masks() {
    refuses(
        spec().supportsMasks(false),
        plan -> plan.sampledRow(0, 4, 5).mask(64, 7),
        "has a mask, but supportsMasks is false: row 0");
  }

  @Test
  void copies() {
    refuses(
        spec().supportsBlockCopies(false),
        plan -> plan.copyBlock(1, 3).rowOnDevice(0, 4),
        "copies blocks, but supportsBlockCopies is false: 1");
  }

  @Test
  void chunks() {
    refuses(
        spec().chunkUnit(2),
        plan -> plan.row(0, 4, 5, 6, 7),
        "has a chunk that is no multiple of chunkUnit: 3");
  }

  @Test
  void promptsBesideDecodes() {
    refuses(
        spec().mixesPrefillAndDecode(false),
        plan -> plan
            .attach(1, request(2, GREEDY), 0)
            .blocks(1, 3)
            .rowOnDevice(0, 4)
            .sampledRow(1, 0, 1, 2, 3, 4),
        "mixes prefill and decode, but mixesPrefillAndDecode is false: decode rows 1");
  }

  /** So a tree that was let through would not fit. */
  @Test
  void onlyPlansThatMayHaveTreesHaveRoomForThem() {
    int with = packer(spec().build()).maxBytes();
    int without = packer(spec().verifiesTrees(false).build()).maxBytes();

    assertThat(without).isLessThan(with);
  }

  private static StepPacker packer(ExecutorSpec spec) {
    return new StepPacker(
        spec, new SlotLayout(spec), new ResultLayout(spec), new OneItemPerRow(4));
  }
}
