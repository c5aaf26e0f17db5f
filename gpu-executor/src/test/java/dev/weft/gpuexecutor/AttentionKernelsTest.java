package dev.weft.gpuexecutor;

import static dev.weft.gpuexecutor.AttentionScene.NO_TREE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.gpuexecutor.AttentionScene.Row;
import dev.weft.gpuexecutor.AttentionScene.Shape;
import dev.weft.schedulerapi.ExecutorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttentionKernelsTest {
  private static final short UNTOUCHED = 0x5a5a;

  private static AttentionWork balanced(Shape shape, int numMultiprocessors) {
    return AttentionWork.balanced(config(shape), spec(), numMultiprocessors);
  }

  private static AttentionWork deterministic(Shape shape) {
    return AttentionWork.deterministic(config(shape), spec());
  }

  private static LlamaConfig config(Shape shape) {
    return new LlamaConfig(
        64, 1, shape.numHeads(), shape.numKvHeads(), shape.headDim(), 64, 100, 4096, 1e-5f,
        10_000, null, false, List.of());
  }

  private static ExecutorSpec spec() {
    return ExecutorSpec.builder()
        .maxModelLen(1000)
        .numSlots(64)
        .maxNumRows(64)
        .maxNumBatchedTokens(500)
        .build();
  }

  @ParameterizedTest
  @CsvSource({
    // heads, KV heads, width, positions of a block, multiprocessors, slope, schedule
    "4, 1, 32, 16, 1, 0, 0", "8, 2, 64, 16, 1, 0.5, 3", "8, 2, 128, 16, 2, -0.5, 2",
    "3, 1, 64, 4, 4, 0.5, 5", "16, 1, 32, 8, 6, 0, 7", "2, 2, 32, 64, 1, -0.5, 4",
    "7, 1, 32, 256, 3, 0.5, 1", "1, 1, 128, 32, 5, 0, 9"
  })
  void rowsOfOneQuerySeeTheirContext(
      int numHeads, int numKvHeads, int headDim, int blockSize, int multiprocessors, double slope,
      long schedule) {
    Shape shape = new Shape(numHeads, numKvHeads, headDim, blockSize);
    List<Row> rows = new ArrayList<>();
    for (int context : new int[] {1, 2, 17, 64, 63, 130, 256, 301}) {
      rows.add(new Row(context - 1, 1, slope, context));
    }
    AttentionScene scene = new AttentionScene(shape, rows, schedule);

    assertRight(scene, rows, scene.run(deterministic(shape), 3, schedule));
    assertRight(scene, rows, scene.run(balanced(shape, multiprocessors), 50, schedule + 1));
  }

  @ParameterizedTest
  @CsvSource({
    "4, 1, 32, 16, 1, 0, 0", "8, 2, 64, 16, 9, 0.5, 3", "4, 2, 128, 4, 2, -0.5, 2",
    "5, 1, 64, 8, 4, 0.5, 5", "16, 1, 32, 32, 20, 0, 7", "3, 3, 32, 16, 1, 0.5, 4"
  })
  void rowsOfManyQueriesSeeWhatCameBefore(
      int numHeads, int numKvHeads, int headDim, int blockSize, int multiprocessors, double slope,
      long schedule) {
    Shape shape = new Shape(numHeads, numKvHeads, headDim, blockSize);
    List<Row> rows =
        List.of(
            new Row(0, 70, slope, 1),
            new Row(50, 3, slope, 2),
            new Row(100, 37, slope, 3),
            new Row(0, 1, slope, 4),
            new Row(61, 12, slope, 5));
    AttentionScene scene = new AttentionScene(shape, rows, schedule);

    assertRight(scene, rows, scene.run(deterministic(shape), 100, schedule));
    assertRight(scene, rows, scene.run(balanced(shape, multiprocessors), 2, schedule + 1));
  }

  @ParameterizedTest
  @CsvSource({"4, 1, 32, 16, 0", "8, 2, 64, 4, 3", "4, 4, 128, 64, 2", "6, 1, 32, 8, 5"})
  void draftsOfATreeSeeTheirAncestors(
      int numHeads, int numKvHeads, int headDim, int blockSize, long schedule) {
    Shape shape = new Shape(numHeads, numKvHeads, headDim, blockSize);
    Random random = new Random(schedule);
    List<Row> rows = new ArrayList<>();
    int[] numDrafts = {7, 64, 1, 33, 12};
    for (int i = 0; i < numDrafts.length; i++) {
      List<Integer> parents = new ArrayList<>();
      for (int d = 0; d < numDrafts[i]; d++) {
        parents.add(random.nextInt(d + 1) - 1);
      }
      int numKnown = 1 + random.nextInt(3);
      rows.add(new Row(29 * i, numKnown + numDrafts[i], parents, 0.25, i));
    }
    AttentionScene scene = new AttentionScene(shape, rows, schedule);

    assertRight(scene, rows, scene.run(deterministic(shape), 100, schedule));
    assertRight(scene, rows, scene.run(balanced(shape, 8), 5, schedule + 1));
  }

  /** A query of a tile may see nothing of a split, and a split may have no keys at all. */
  @ParameterizedTest
  @CsvSource({"0, 0", "3, 1", "2, 0", "5, 1"})
  void splitsMayBeEmpty(long schedule, int isPrefill) {
    Shape shape = new Shape(4, 1, 64, 16);
    List<Row> rows = List.of(new Row(62, 4, 0.5, 1));
    AttentionScene scene = new AttentionScene(shape, rows, 1);
    int slot = scene.slots()[0];
    int[] items = {
      slot, 0, 4, 0, 64, 0, 4, 5, NO_TREE, 66, 0, 0,
      slot, 0, 4, 64, 64, 1, 4, 5, NO_TREE, 66, 0, 0,
      slot, 0, 4, 64, 66, 2, 4, 5, NO_TREE, 66, 0, 0,
      slot, 0, 4, 128, 128, 3, 4, 5, NO_TREE, 66, 0, 0,
      0, 5, 4, 0, 1, 9, 4, 0, 2, 13, 4, 0, 3, 17, 4, 0,
    };

    assertRight(scene, rows, scene.run(items, 4 - 4 * isPrefill, 4 * isPrefill, 4, 3, schedule));
  }

  @Test
  void whoSeesNothingGetsZeros() {
    Shape shape = new Shape(2, 1, 32, 16);
    AttentionScene scene = new AttentionScene(shape, List.of(new Row(3, 1, 0, 1)), 1);
    int[] items = {scene.slots()[0], 0, 1, 0, 0, 0, 1, -1, NO_TREE, 4, 0, 0};

    assertThat(scene.run(items, 1, 0, 0, 1, 1)).containsOnly(0);
    assertThat(scene.run(items, 0, 1, 0, 1, 1)).containsOnly(0);
  }

  /** What deterministic mode stands on. The sums are compared before they are rounded to bf16. */
  @ParameterizedTest
  @CsvSource({"4, 1, 64, 16, 2", "3, 1, 32, 4, 3", "16, 2, 128, 32, 5"})
  void theBitsOfAQueryDependOnItsKeysAlone(
      int numHeads, int numKvHeads, int headDim, int blockSize, long schedule) {
    Shape shape = new Shape(numHeads, numKvHeads, headDim, blockSize);
    int length = 90;
    float[][] expected = new float[length][];
    for (int position = 50; position < length; position++) {
      expected[position] = runRows(shape, 0, new Row(position, 1, 0.1, 7))[0];
    }

    // The whole piece at once, two pieces, and beside other rows in other blocks.
    assertSame(expected, 50, runRows(shape, schedule, new Row(50, 40, 0.1, 7)));
    assertSame(expected, 63, runRows(shape, schedule, new Row(63, 27, 0.1, 7)));
    Row other = new Row(200, 2, 0.1, 8);
    float[][] mixed = runRows(shape, schedule, other, new Row(57, 5, 0.1, 7), other);
    assertSame(expected, 57, Arrays.copyOfRange(mixed, 2, 7));

    // A chain that is told as a tree, and a tree whose first branch is that chain.
    List<Integer> chain = List.of(-1, 0, 1, 2);
    assertSame(expected, 80, runRows(shape, schedule, new Row(80, 5, chain, 0.1, 7)));
    List<Integer> branches = List.of(-1, 0, 1, -1, 3, 3);
    float[][] tree = runRows(shape, schedule, new Row(80, 7, branches, 0.1, 7));
    assertSame(expected, 80, Arrays.copyOf(tree, 4));
  }

  /** Rows in deterministic form, by token. */
  private static float[][] runRows(Shape shape, long seed, Row... rows) {
    AttentionScene scene = new AttentionScene(shape, List.of(rows), seed);
    return scene.runUnrounded(deterministic(shape), 4, seed);
  }

  private static void assertSame(float[][] expected, int firstPosition, float[][] actual) {
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).as("position " + (firstPosition + i))
          .isEqualTo(expected[firstPosition + i]);
    }
  }

  private static void assertRight(AttentionScene scene, List<Row> rows, short[] output) {
    Shape shape = scene.shape();
    int stride = shape.attendedStride();
    int token = 0;
    for (int row = 0; row < rows.size(); row++) {
      for (int t = 0; t < rows.get(row).numTokens(); t++) {
        double[] expected = scene.expected(row, t);
        for (int i = 0; i < stride; i++) {
          short bits = output[token * stride + i];
          if (i >= expected.length) {
            assertThat(bits).isEqualTo(UNTOUCHED);
            continue;
          }
          float actual = DeviceArray.fromBf16(bits);
          double tolerance = 0.006 * (1 + Math.abs(expected[i]));
          if (!(Math.abs(actual - expected[i]) <= tolerance)) {
            assertThat((double) actual)
                .as("row %d, token %d, dimension %d", row, t, i)
                .isCloseTo(expected[i], within(tolerance));
          }
        }
        token++;
      }
    }
  }
}
