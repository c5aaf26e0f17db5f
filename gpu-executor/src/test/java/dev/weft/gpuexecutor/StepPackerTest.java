package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.StepBlock.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.testkit.PlanWriter;
import java.nio.IntBuffer;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the packer writes for small plans, and what it refuses. */
class StepPackerTest {
  private static final int VOCABULARY_SIZE = 70;

  private final ExecutorSpec spec = builder().build();
  private final SlotLayout slots = new SlotLayout(spec);
  private final ResultLayout results = new ResultLayout(spec);
  private final StepPacker packer =
      new StepPacker(spec, slots, results, new OneItemPerRow(spec.maxNumRows()));
  private final IntBuffer target = IntBuffer.allocate(packer.maxBytes() / Integer.BYTES);
  private final PlanWriter writer = new PlanWriter();

  private static ExecutorSpec.Builder builder() {
    return ExecutorSpec.builder()
        .vocabularySize(VOCABULARY_SIZE)
        .maxModelLen(64)
        .blockSize(4)
        .numBlocks(32)
        .numSlots(6)
        .maxNumRows(4)
        .maxNumBatchedTokens(40)
        .maxNumDraftTokens(5)
        .maxNumLogprobs(3)
        .verifiesTrees(true);
  }

  private static Request request(SamplingParameters parameters) {
    return Request.builder(9, 1, 2, 3).sampling(parameters).build();
  }

  private int header(int at) {
    return target.get(at);
  }

  private int[] ints(int at, int count) {
    int[] ints = new int[count];
    target.get(at, ints);
    return ints;
  }

  @Test
  void placeholdersAreLeftOut() {
    writer.sampledRow(1, 8, 11, 12).placeholders(3).row(2, 0, 13, 14);

    packer.pack(writer.write(), target, 2);

    assertThat(header(HEADER_NUM_TOKENS)).isEqualTo(4).isEqualTo(packer.numTokens());
    assertThat(ints(header(HEADER_TOKENS), 4)).containsExactly(11, 12, 13, 14);
    assertThat(ints(header(HEADER_TOKEN_ROWS), 4)).containsExactly(0, 0, 1, 1);
    assertThat(ints(header(HEADER_ROWS), 8)).containsExactly(1, 2, 8, 0, 0, 0, -1, -1);
    assertThat(ints(header(HEADER_ROWS) + ROW_INTS, 8))
        .containsExactly(2, 2, 0, 2, 0, -1, -1, -1);
    assertThat(header(HEADER_RESULT_SLOT)).isEqualTo(2);
    assertThat(packer.numLogits()).isEqualTo(1);
  }

  @Test
  void aTreeHasDepthsAndPaths() {
    writer.rowOnDevice(3, 5).draftTree(new int[] {7, 8, 9, 10}, new int[] {-1, 0, -1, 1});

    packer.pack(writer.write(), target, 0);

    assertThat(ints(header(HEADER_TOKENS), 5)).containsExactly(-1, 7, 8, 9, 10);
    int tree = target.get(header(HEADER_ROWS) + ROW_TREE);
    assertThat(ints(tree, 4)).containsExactly(-1, 1, 0b0001, 0);
    assertThat(ints(tree + TREE_INTS, 4)).containsExactly(0, 2, 0b0011, 0);
    assertThat(ints(tree + 2 * TREE_INTS, 4)).containsExactly(-1, 1, 0b0100, 0);
    assertThat(ints(tree + 3 * TREE_INTS, 4)).containsExactly(1, 3, 0b1011, 0);
    assertThat(packer.hasTrees()).isTrue();
    assertThat(packer.numLogits()).isEqualTo(5);
    assertThat(ints(header(HEADER_DECODE_ITEMS), 9))
        .containsExactly(3, 0, 5, 0, 10, 0, 1, -1, 6);
  }

  @Test
  void everyNodeHasAMaskOf32BitWords() {
    writer.rowOnDevice(3, 5).drafts(7).mask(VOCABULARY_SIZE, 7, 33, 69);
    writer.maskBehind(0, VOCABULARY_SIZE, 0, 31);

    packer.pack(writer.write(), target, 0);

    int masks = target.get(header(HEADER_ROWS) + ROW_MASKS);
    assertThat(header(HEADER_MASK_STRIDE)).isEqualTo(3);
    assertThat(ints(masks, 6)).containsExactly(1 << 7, 1 << 1, 1 << 5, 1 << 31 | 1, 0, 0);
  }

  @Test
  void anAttachedSequenceBringsItsParametersAndLists() {
    SamplingParameters parameters =
        SamplingParameters.builder()
            .maxNewTokens(8)
            .temperature(0.5f)
            .topK(4)
            .frequencyPenalty(1)
            .stopTokenIds(69, 70, 3)
            .logitBias(Map.of(5, 1f, 4, -2f, 1000, 3f))
            .numLogprobs(20)
            .build();
    writer.attach(2, request(parameters), 0, 0x0000_0005_FFFF_FFFEL, 1, 2, 3, 4).blocks(2, 9, 8);
    writer.row(2, 0, 1, 2);

    packer.pack(writer.write(), target, 0);

    int record = header(HEADER_ATTACHED);
    assertThat(header(HEADER_NUM_ATTACHED)).isOne();
    assertThat(target.get(record + ATTACHED_SLOT)).isEqualTo(2);
    assertThat(ints(record + SLOT_SEED, 2)).containsExactly(-2, 5);
    assertThat(target.get(record + SLOT_TEMPERATURE)).isEqualTo(Float.floatToRawIntBits(0.5f));
    assertThat(target.get(record + SLOT_TOP_K)).isEqualTo(4);
    assertThat(target.get(record + SLOT_HAS_PENALTIES)).isOne();
    assertThat(target.get(record + SLOT_NUM_PROMPT_TOKENS)).isEqualTo(3);
    assertThat(target.get(record + SLOT_NUM_LOGPROBS)).isEqualTo(3);
    assertThat(list(record, ATTACHED_STOPS, SLOT_NUM_STOPS, 1)).containsExactly(69, 3);
    assertThat(list(record, ATTACHED_BIASES, SLOT_NUM_BIASES, 2)).containsExactly(
        4, Float.floatToRawIntBits(-2), 5, Float.floatToRawIntBits(1));
    assertThat(list(record, ATTACHED_HISTORY, ATTACHED_NUM_HISTORY, 1))
        .containsExactly(1, 2, 3, 4);
    assertThat(ints(header(HEADER_TABLE_WRITES), 6)).containsExactly(2, 0, 9, 2, 1, 8);
    assertThat(packer.wantsLogprobs()).as("the row is not sampled").isFalse();
  }

  private int[] list(int record, int offset, int count, int entryInts) {
    return ints(target.get(record + offset), entryInts * target.get(record + count));
  }

  @Test
  void aSlotThatWantsLogprobsIsRememberedUntilItIsAttachedAgain() {
    SamplingParameters parameters = SamplingParameters.builder().numLogprobs(0).build();
    writer.attach(2, request(parameters), 1).row(2, 0, 1, 2);
    packer.pack(writer.write(), target, 0);

    packer.pack(writer.sampledRow(2, 2, 3).write(), target, 0);
    assertThat(packer.wantsLogprobs()).isTrue();

    writer.detach(2).attach(2, request(SamplingParameters.greedy(1)), 1).sampledRow(2, 0, 1);
    packer.pack(writer.write(), target, 0);
    assertThat(packer.wantsLogprobs()).isFalse();
  }

  @Test
  void aPlaceThatIsWrittenTwiceIsWrittenInOrder() {
    packer.pack(writer.blocks(1, 4, 5).blocks(2, 6).write(), target, 0);
    assertThat(header(HEADER_FLAGS)).isZero();

    packer.pack(writer.block(1, 1, 7).block(2, 1, 8).block(1, 1, 9).write(), target, 0);
    assertThat(header(HEADER_FLAGS)).isEqualTo(FLAG_TABLE_WRITES_IN_ORDER);

    packer.pack(writer.block(1, 1, 7).write(), target, 0);
    assertThat(header(HEADER_FLAGS)).isZero();
  }

  @Test
  void whatCannotBeExpressedIsRefused() {
    refuses(builder().maxNumDraftTokens(65), "maxNumDraftTokens is 65, must be at most 64");
    refuses(builder().blockSize(6), "blockSize is 6, must be a power of two");
    refuses(builder().maxModelLen(1 << 20).numSlots(1 << 10), "lower numSlots (1024)");
    refuses(builder().maxModelLen(1 << 24).numSlots(1 << 17), "lower numSlots (131072)");
  }

  @Test
  void aPlanWithMoreChangesThanPlacesIsRefused() {
    PlanWriter tooManyWrites = new PlanWriter();
    for (int i = 0; i < 6 * 16 + 1; i++) {
      tooManyWrites.block(1, 0, 5);
    }
    PlanWriter tooManyCopies = new PlanWriter();
    for (int i = 0; i < 32; i++) {
      tooManyCopies.copyBlock(1, 2);
    }

    assertThatThrownBy(() -> new PlanCheck(spec).accept(tooManyWrites.write()))
        .hasMessage("step 1 has too many table writes: 97");
    assertThatThrownBy(() -> new PlanCheck(spec).accept(tooManyCopies.write()))
        .hasMessage("step 1 has too many block copies: 32");
  }

  private static void refuses(ExecutorSpec.Builder builder, String message) {
    ExecutorSpec spec = builder.build();
    assertThatThrownBy(
        () -> new StepPacker(
            spec, new SlotLayout(spec), new ResultLayout(spec), new OneItemPerRow(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
