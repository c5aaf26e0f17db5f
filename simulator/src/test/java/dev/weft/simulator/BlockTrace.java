package dev.weft.simulator;

import dev.weft.testkit.conformance.ScenarioConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Follows from the record of a run which positions of which block rows have written, and counts
 * those that a row takes for computed although nobody wrote them.
 */
final class BlockTrace {
  private final ScenarioConfig config;
  private final Map<Object, List<Long>> tables = new HashMap<>();
  /** By block: offsets written since somebody got it fresh. */
  private final Map<Long, Set<Integer>> written = new HashMap<>();
  private int numUncomputed;

  BlockTrace(ScenarioConfig config) {
    this.config = config;
  }

  /** Rows of a step see what all rows of the step write. */
  int numUncomputed(List<Map<?, ?>> steps) {
    for (Map<?, ?> step : steps) {
      List<?> rows = (List<?>) step.get("scheduled");
      rows.forEach(row -> write((Map<?, ?>) row));
      rows.forEach(row -> read((Map<?, ?>) row));
    }
    return numUncomputed;
  }

  private void write(Map<?, ?> row) {
    int start = (int) (long) row.get("start");
    int end = start + (int) (long) row.get("n");
    List<Long> blocks = ((List<?>) row.get("blocks")).stream().map(block -> (Long) block).toList();
    List<Long> table = tables.computeIfAbsent(row.get("id"), id -> new ArrayList<>());
    if (row.get("kind").equals("running")) {
      int numKept = numBlocksFor(end) - blocks.size();
      while (!blocks.isEmpty() && table.size() > numKept) {
        table.remove(table.size() - 1); // Given back after rejected drafts.
      }
      table.addAll(blocks);
      blocks.forEach(block -> written.put(block, new HashSet<>()));
    } else {
      table.clear();
      table.addAll(blocks);
      blocks.subList(start / config.blockSize(), blocks.size())
          .forEach(block -> written.put(block, new HashSet<>()));
    }
    for (int position = start; position < end; position++) {
      offsets(table, position).add(position % config.blockSize());
    }
  }

  private int numBlocksFor(int end) {
    int numPositions =
        Math.min(end + config.speculation().numLookaheadTokens(), config.maxModelLen());
    return (numPositions + config.blockSize() - 1) / config.blockSize();
  }

  private void read(Map<?, ?> row) {
    List<Long> table = tables.getOrDefault(row.get("id"), List.of());
    for (int position = 0; position < (long) row.get("start"); position++) {
      numUncomputed +=
          offsets(table, position).contains(position % config.blockSize()) ? 0 : 1;
    }
  }

  private Set<Integer> offsets(List<Long> table, int position) {
    return written.computeIfAbsent(table.get(position / config.blockSize()),
        block -> new HashSet<>());
  }
}
