package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.testkit.DrafterContract;
import dev.weft.testkit.HandDraftBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The tree is the most probable one, by an expander that can go into every branch. */
class TreeSearchTest extends DrafterContract {
  private static final int NUM_TOKENS = 5;

  @Override protected Drafter create() {
    return new TreeDrafter(new Bigrams(4, 100), 9);
  }

  @Override protected int vocabularySize() {
    return NUM_TOKENS;
  }

  @Test void theMostProbableNodesAreProposed() {
    for (int budget = 1; budget <= 40; budget++) {
      for (int last = 0; last < NUM_TOKENS; last++) {
        Drafts drafts = new HandDraftBatch().with(0, 100, 0, last)
            .show(new TreeDrafter(new Bigrams(3, 100), budget)).drafts(0);

        // Paths over the same pairs are equally probable, so values are compared.
        assertThat(values(last, paths(drafts))).as("%d nodes behind token %d", budget, last)
            .isEqualTo(values(last, bestPaths(last, 3, budget)));
      }
    }
  }

  @Test void onlyTheBestNodesOfALevelAreExpanded() {
    Drafts drafts = new HandDraftBatch().with(0, 100, 0, 1)
        .show(new TreeDrafter(new Bigrams(2, 2), 100)).drafts(0);

    assertThat(drafts.numDrafts()).isEqualTo(3 * NUM_TOKENS);
    List<String> bestTwo = bestPaths(1, 1, 2);
    assertThat(paths(drafts).stream().filter(path -> path.length() == 2)
        .map(path -> path.substring(0, 1)).distinct().toList())
        .containsExactlyInAnyOrderElementsOf(bestTwo);
  }

  @Test void aChainIsTheBestChildOfEachNode() {
    Drafts drafts = new HandDraftBatch().chainsAlone().with(0, 100, 0, 1).show(create()).drafts(0);

    int last = 1;
    for (int draft = 0; draft < 4; draft++) {
      int before = last;
      int best = IntStream.range(0, NUM_TOKENS).boxed()
          .max(Comparator.comparing(token -> Bigrams.probability(before, token))).orElseThrow();
      assertThat(drafts.token(draft)).isEqualTo(best);
      assertThat(drafts.parent(draft)).isEqualTo(draft - 1);
      last = best;
    }
    assertThat(drafts.numDrafts()).isEqualTo(4);
  }

  @Test void childrenThatMakeNoSenseAreDropped() {
    TreeExpander strange = new Bigrams(1, 1) {
      @Override public void expand(DraftBatch batch, TreeLevel level) {
        level.addChild(0, 1, 0.5f);
        level.addChild(0, 1, 0.9f);
        level.addChild(0, -1, 0.5f);
        level.addChild(0, NUM_TOKENS, 0.5f);
        level.addChild(0, 2, Float.NaN);
        level.addChild(0, 3, 0);
        level.addChild(0, 4, Float.POSITIVE_INFINITY);
      }
    };

    assertThat(new HandDraftBatch().vocabularySize(NUM_TOKENS).with(0, 100, 0, 1)
        .proposalsOf(new TreeDrafter(strange, 9))[0]).containsExactlyInAnyOrder(1, 4);
  }

  @Test void nodesAreNamedForHeadsWithAStateOfTheirOwn() {
    List<String> seen = new ArrayList<>();
    TreeExpander telling = new Bigrams(3, 2) {
      @Override public void expand(DraftBatch batch, TreeLevel level) {
        for (int node = 0; node < level.numNodes(); node++) {
          seen.add(level.depth() + ":" + level.id(node) + "<" + level.parentId(node));
        }
        super.expand(batch, level);
      }
    };
    new HandDraftBatch().with(0, 100, 0, 1).show(new TreeDrafter(telling, 100));

    assertThat(seen.get(0)).isEqualTo("0:-1<-1");
    assertThat(seen.subList(1, 3)).allMatch(node -> node.startsWith("1:") && node.endsWith("<-1"));
    List<String> ids = seen.subList(1, 3).stream()
        .map(node -> node.substring(2, node.indexOf('<'))).toList();
    assertThat(seen.subList(3, 5))
        .allMatch(node -> ids.contains(node.substring(node.indexOf('<') + 1)));
  }

  private static List<String> paths(Drafts drafts) {
    String[] paths = new String[drafts.numDrafts()];
    for (int i = 0; i < paths.length; i++) {
      paths[i] = (drafts.parent(i) == Drafts.ROOT ? "" : paths[drafts.parent(i)]) + drafts.token(i);
    }
    return Arrays.asList(paths);
  }

  /** All paths, by brute force. */
  private static List<String> bestPaths(int last, int maxDepth, int numPaths) {
    List<Path> all = new ArrayList<>();
    collect(all, new Path("", last, 1), maxDepth);
    return all.stream().sorted(Comparator.comparing(path -> -path.value)).limit(numPaths)
        .map(path -> path.tokens).toList();
  }

  private static List<Float> values(int last, List<String> paths) {
    return paths.stream().map(path -> value(last, path)).sorted().toList();
  }

  private static float value(int last, String path) {
    float value = 1;
    int before = last;
    for (int i = 0; i < path.length(); i++) {
      int token = path.charAt(i) - '0';
      value *= Bigrams.probability(before, token);
      before = token;
    }
    return value;
  }

  private static void collect(List<Path> all, Path path, int depth) {
    for (int token = 0; depth > 0 && token < NUM_TOKENS; token++) {
      Path longer = new Path(path.tokens + token, token,
          path.value * Bigrams.probability(path.last, token));
      all.add(longer);
      collect(all, longer, depth - 1);
    }
  }

  private record Path(String tokens, int last, float value) {}

  /** Knows the token before, and gives all that may follow. */
  private static class Bigrams implements TreeExpander {
    private final int maxDepth;
    private final int maxNumExpanded;

    Bigrams(int maxDepth, int maxNumExpanded) {
      this.maxDepth = maxDepth;
      this.maxNumExpanded = maxNumExpanded;
    }

    /** No two of a row are equal. */
    static float probability(int before, int token) {
      float sum = 0;
      for (int t = 0; t < NUM_TOKENS; t++) {
        sum += weight(before, t);
      }
      return weight(before, token) / sum;
    }

    private static float weight(int before, int token) {
      return 1 + (before * 7 + token * 13 + before * token * 5) % 23 * 1.0173f + 0.0137f * token;
    }

    @Override public int maxDepth() {
      return maxDepth;
    }

    @Override public int maxNumExpanded() {
      return maxNumExpanded;
    }

    @Override public void begin(DraftBatch batch) {}

    @Override public void expand(DraftBatch batch, TreeLevel level) {
      for (int node = 0; node < level.numNodes(); node++) {
        for (int token = 0; token < NUM_TOKENS; token++) {
          level.addChild(node, token, probability(level.token(node), token));
        }
      }
    }
  }
}
