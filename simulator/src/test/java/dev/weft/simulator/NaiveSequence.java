package dev.weft.simulator;

import dev.weft.testkit.conformance.ScenarioRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The state of one request of {@link NaiveVllm}, and its row while it has one. */
final class NaiveSequence {
  final ScenarioRequest request;
  final List<Integer> tokens = new ArrayList<>();
  final List<Integer> blocks = new ArrayList<>();
  int computed;
  int numDrafts;
  /** Blocks that entered the cache, in all and before the present row. */
  int numEntered;
  int numEnteredBefore;
  boolean wasPreempted;
  /** Its last row did not reach the end of its known tokens. */
  boolean endedShort;
  int numVerifications;
  int numEmissions;
  String finish = "unfinished";
  // Of the present row; n is 0 without one.
  int n;
  int rowDrafts;
  boolean isPadded;
  int start;
  String kind = "";
  List<Object> rowBlocks = List.of();

  NaiveSequence(ScenarioRequest request) {
    this.request = request;
    for (int token : request.prompt()) {
      tokens.add(token);
    }
  }

  String id() {
    return request.id();
  }

  int numTokens() {
    return tokens.size();
  }

  int numOutputs() {
    return tokens.size() - request.prompt().length;
  }

  /** What a block must have in common with another to be equal to it. */
  String key(int numBlocks, int blockSize) {
    return request.cacheSalt() + "/" + request.adapter() + "/"
        + tokens.subList(0, numBlocks * blockSize);
  }

  Map<String, Object> row() {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("id", id());
    row.put("kind", kind);
    row.put("start", (long) start);
    row.put("n", (long) n);
    row.put("blocks", rowBlocks);
    if (rowDrafts > 0) {
      row.put("drafts", (long) rowDrafts);
    }
    if (isPadded) {
      row.put("padded", true);
    }
    return row;
  }

  /** How many of the row's drafts the model accepts, in this turn. */
  int accept() {
    if (isPadded) {
      return 0;
    }
    int turn = numVerifications++;
    List<Integer> script = request.drafts() == null ? List.of() : request.drafts().accepted();
    return script.isEmpty() ? 0 : Math.min(script.get(turn % script.size()), rowDrafts);
  }

  /** How many drafts are proposed, in this turn. */
  int propose(int most) {
    int turn = numEmissions++;
    if (request.drafts() == null) {
      return 0;
    }
    List<Integer> script = request.drafts().proposed();
    return script == null ? most : Math.min(script.get(turn % script.size()), most);
  }
}
