package dev.weft.benchmarks.host;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How much faster than a naive loop is the matrix primitive of the host executor? One panel of
 * weights, 90 inputs and 512 outputs, times one, two and 48 rows: each takes other kernels.
 *
 * <pre>tools/bench TileBenchmark</pre>
 *
 * <p>{@link KernelGuard} judges the ratio.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public class TileBenchmark {
  private static final String TILE_CLASS = "dev.weft.gpuexecutor.Tile";
  private static final int NUM_INPUTS = 90;
  private static final int NUM_OUTPUTS = 512;

  /** The layout that the executor gives its own arrays, which keeps them apart in the cache. */
  private static final int PADDING = 12;

  @Param({"1", "2", "48"})
  public int numRows;

  private MethodHandle multiplyAdd;
  private float[][] x;
  private float[][] sums;

  /** {@code [input][output]}. */
  private float[][] weights;

  /** {@code [output][input]}. */
  private float[][] transposed;

  /** The primitive is not public, and need not be for this. */
  @Setup
  public void setUp() throws ReflectiveOperationException {
    Method method = Arrays.stream(Class.forName(TILE_CLASS).getDeclaredMethods())
        .filter(one -> one.getName().equals("multiplyAdd")).findAny().orElseThrow();
    method.setAccessible(true);
    multiplyAdd = MethodHandles.lookup().unreflect(method);
    x = new float[numRows][NUM_INPUTS];
    sums = new float[numRows][NUM_OUTPUTS + PADDING];
    weights = new float[NUM_INPUTS][NUM_OUTPUTS + PADDING];
    transposed = new float[NUM_OUTPUTS][NUM_INPUTS];
    for (float[] row : x) {
      Arrays.fill(row, 0.5f);
    }
    for (int k = 0; k < NUM_INPUTS; k++) {
      for (int j = 0; j < NUM_OUTPUTS; j++) {
        weights[k][j] = (k * 31 + j * 7) % 64 - 31.5f;
        transposed[j][k] = weights[k][j];
      }
    }
  }

  @Benchmark
  public float[][] tile() throws Throwable {
    clear();
    multiplyAdd.invokeExact(
        sums, 0, x, 0, 0, numRows, weights, 0, NUM_INPUTS, 0, NUM_OUTPUTS);
    return sums;
  }

  /** One sum after another, as one would write it down. */
  @Benchmark
  public float[][] naive() {
    for (int m = 0; m < numRows; m++) {
      for (int j = 0; j < NUM_OUTPUTS; j++) {
        float sum = 0;
        for (int k = 0; k < NUM_INPUTS; k++) {
          sum = Math.fma(x[m][k], transposed[j][k], sum);
        }
        sums[m][j] = sum;
      }
    }
    return sums;
  }

  private void clear() {
    for (float[] row : sums) {
      Arrays.fill(row, 0f);
    }
  }
}
