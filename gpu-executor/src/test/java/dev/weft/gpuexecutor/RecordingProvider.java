package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Writes down what it is asked to multiply, and multiplies nothing; fails when it is told to. */
final class RecordingProvider implements GemmProvider {
  static final int MIN_ROWS = 65;
  static final long WORKSPACE_BYTES = 1000;

  /** {@code rows x outputs x inputs} of the products since the list was cleared. */
  final List<String> products = new ArrayList<>();

  /** Why it does not work, if it does not. */
  String reason = "";

  /** So many products are done, then {@link #failure} is thrown. */
  int numProductsUntilFailure = Integer.MAX_VALUE;

  RuntimeException failure = new IllegalStateException("out of tune");

  /** What {@link #open} throws. */
  @Nullable RuntimeException failureOfOpen;

  int numOpened;
  int numClosed;

  /** Pieces of memory of the emulated device that were given back when it was closed. */
  long numFreedBeforeClose = -1;

  @Override
  public String name() {
    return "notes";
  }

  @Override
  public Optional<String> unavailableReason() {
    return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
  }

  @Override
  public int minRows() {
    return MIN_ROWS;
  }

  @Override
  public long workspaceBytes() {
    return WORKSPACE_BYTES;
  }

  @Override
  public void open(long stream, long workspace) {
    if (stream == 0 || workspace == 0 || workspace % 256 != 0) {
      throw new IllegalArgumentException("stream " + stream + ", workspace " + workspace);
    }
    if (failureOfOpen != null) {
      throw failureOfOpen;
    }
    numOpened++;
  }

  @Override
  public void multiply(long y, long x, long w, int rows, int outputs, int inputs) {
    if (numProductsUntilFailure-- <= 0) {
      throw failure;
    }
    products.add(rows + "x" + outputs + "x" + inputs);
  }

  @Override
  public void close() {
    numClosed++;
    numFreedBeforeClose = StandIn.isReal() ? -1 : StandIn.numCalls("cuMemFree");
  }
}
