package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.HandDraftBatch;
import dev.weft.testkit.SplitMix;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/** Prompt lookup by an index finds what a search of the whole sequence finds. */
class NgramDrafterProperties {
  private static final int NUM_HANDLES = 3;
  private static final int MAX_NUM_DRAFTS = 6;
  private static final int WINDOW_SIZE = 64;

  @Property(tries = 3000)
  void sameAsASearch(@ForAll("actions") ActionChain<Pair> chain) {
    chain.run();
  }

  /** With four different hashes for each size; few tokens, as long probes are given up. */
  @Property(tries = 500)
  void collisionsChangeNothing(@ForAll("shortActions") ActionChain<Pair> chain) {
    chain.run();
  }

  @Provide Arbitrary<ActionChain<Pair>> actions() {
    return actions(Arbitraries.integers().between(1, 90)
        .edgeCases(edges -> edges.add(1, 64, 65)), -1, 200, 40);
  }

  @Provide Arbitrary<ActionChain<Pair>> shortActions() {
    return actions(Arbitraries.integers().between(1, 4), 3 << 3, 30, 40);
  }

  private Arbitrary<ActionChain<Pair>> actions(Arbitrary<Integer> jumps, int checkMask,
      int maxNumTokens, int maxNumActions) {
    Arbitrary<Integer> handles = Arbitraries.integers().between(0, NUM_HANDLES - 1);
    Arbitrary<Integer> growths = Arbitraries.oneOf(Arbitraries.integers().between(1, 4), jumps);
    Arbitrary<Integer> seeds = Arbitraries.integers();
    Action.Independent<Pair> propose = () -> Combinators.combine(handles, growths, seeds,
        Arbitraries.integers().between(0, MAX_NUM_DRAFTS + 1)).as((handle, growth, seed, room) ->
            Transformer.mutate("grow " + handle + " by " + growth + ", room " + room,
                pair -> pair.growAndPropose(handle, growth, seed, room)));
    Action.Independent<Pair> grow = () -> Combinators.combine(handles, growths, seeds).as(
        (handle, growth, seed) -> Transformer.mutate("grow " + handle + " unseen by " + growth,
            pair -> pair.grow(handle, growth, seed)));
    Action.Independent<Pair> finish = () -> handles.map(
        handle -> Transformer.mutate("finish " + handle, pair -> pair.finish(handle)));
    return ActionChain.startWith(() -> new Pair(checkMask, maxNumTokens))
        .withAction(8, propose).withAction(2, grow).withAction(1, finish)
        .withMaxTransformations(maxNumActions);
  }

  /** The drafter and what a plain search needs: the tokens, and where their window begins. */
  private static final class Pair {
    private final NgramDrafter drafter;
    private final int maxNumTokens;
    private final List<List<Integer>> sequences = new ArrayList<>();
    private final int[] bases = new int[NUM_HANDLES];

    private Pair(int checkMask, int maxNumTokens) {
      this.maxNumTokens = maxNumTokens;
      drafter = NgramDrafter.builder().windowSize(WINDOW_SIZE).maxNumDraftTokens(MAX_NUM_DRAFTS)
          .maxNumSequences(NUM_HANDLES).build(checkMask);
      for (int i = 0; i < NUM_HANDLES; i++) {
        sequences.add(new ArrayList<>());
      }
    }

    private void grow(int handle, int numTokens, int seed) {
      List<Integer> tokens = sequences.get(handle);
      SplitMix random = new SplitMix(seed);
      for (int i = 0; i < numTokens && tokens.size() < maxNumTokens; i++) {
        int back = random.oneOf(1, 2, 7, 30);
        boolean isRepeated = random.below(4) > 0 && tokens.size() >= back;
        tokens.add(isRepeated ? tokens.get(tokens.size() - back) : random.below(9));
      }
    }

    private void growAndPropose(int handle, int numTokens, int seed, int room) {
      grow(handle, numTokens, seed);
      int[] tokens = sequences.get(handle).stream().mapToInt(token -> token).toArray();
      int[] proposed =
          new HandDraftBatch().with(handle, room, tokens).proposalsOf(drafter)[0];
      assertThat(proposed).as("drafts behind %s", sequences.get(handle))
          .containsExactly(search(handle, tokens, Math.min(room, MAX_NUM_DRAFTS)));
    }

    private void finish(int handle) {
      int[] tokens = sequences.get(handle).stream().mapToInt(token -> token).toArray();
      HandDraftBatch.finish(drafter, handle, 0, tokens);
      sequences.get(handle).clear();
      bases[handle] = 0;
    }

    private int[] search(int handle, int[] tokens, int numDrafts) {
      if (numDrafts > 0 && tokens.length - bases[handle] > WINDOW_SIZE) {
        bases[handle] = tokens.length - WINDOW_SIZE / 2;
      }
      for (int n = 4; n >= 2; n--) {
        for (int next = tokens.length - 1; next >= bases[handle] + n; next--) {
          if (isEqual(tokens, next, n)) {
            return continued(tokens, next, numDrafts);
          }
        }
      }
      return new int[0];
    }

    private static boolean isEqual(int[] tokens, int next, int n) {
      for (int i = 1; i <= n; i++) {
        if (tokens[next - i] != tokens[tokens.length - i]) {
          return false;
        }
      }
      return true;
    }

    private static int[] continued(int[] tokens, int next, int numDrafts) {
      List<Integer> all = new ArrayList<>();
      for (int token : tokens) {
        all.add(token);
      }
      for (int i = 0; i < numDrafts; i++) {
        all.add(all.get(next + i));
      }
      return all.subList(tokens.length, all.size()).stream().mapToInt(token -> token).toArray();
    }
  }
}
