package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.Drafts;
import dev.weft.testkit.HandDraftBatch;
import dev.weft.testkit.SplitMix;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/** Suffix decoding proposes what a search through all texts, by the rules of the paper, finds. */
class SuffixDrafterProperties {
  private static final int NUM_HANDLES = 3;
  private static final int MAX_NUM_DRAFTS = 6;
  private static final int MAX_MATCH_LENGTH = 5;
  private static final int WINDOW_SIZE = 64;
  private static final int HALF_SIZE = 50;

  @Property(tries = 2000)
  void sameAsASearch(@ForAll("actions") ActionChain<Pair> chain) {
    chain.run();
  }

  @Provide Arbitrary<ActionChain<Pair>> actions() {
    Arbitrary<Integer> handles = Arbitraries.integers().between(0, NUM_HANDLES - 1);
    Arbitrary<Integer> growths = Arbitraries.oneOf(
        Arbitraries.integers().between(1, 4), Arbitraries.integers().between(1, 70));
    Arbitrary<Integer> seeds = Arbitraries.integers();
    Action.Independent<Pair> propose = () -> Combinators.combine(handles, growths, seeds,
            Arbitraries.integers().between(0, MAX_NUM_DRAFTS + 1), Arbitraries.of(true, false))
        .as((handle, growth, seed, room, takesTrees) -> Transformer.mutate(
            "grow " + handle + " by " + growth + ", room " + room + ", trees " + takesTrees,
            pair -> pair.growAndPropose(handle, growth, seed, room, takesTrees)));
    Action.Independent<Pair> grow = () -> Combinators.combine(handles, growths, seeds).as(
        (handle, growth, seed) -> Transformer.mutate("grow " + handle + " unseen by " + growth,
            pair -> pair.grow(handle, growth, seed)));
    Action.Independent<Pair> finish = () -> Combinators.combine(handles,
        Arbitraries.integers().between(0, 10)).as((handle, numPrompt) -> Transformer.mutate(
            "finish " + handle, pair -> pair.finish(handle, numPrompt)));
    return ActionChain.startWith(Pair::new)
        .withAction(8, propose).withAction(2, grow).withAction(2, finish)
        .withMaxTransformations(30);
  }

  /** The drafter, and all texts as they are. */
  private static final class Pair {
    private static final double FACTOR = 1.5;
    private static final double OFFSET = -0.5;
    private static final double MIN_PROBABILITY = 0.15;

    private final SuffixDrafter drafter = SuffixDrafter.builder().windowSize(WINDOW_SIZE)
        .maxNumDraftTokens(MAX_NUM_DRAFTS).maxMatchLength(MAX_MATCH_LENGTH)
        .lengthFactor(FACTOR).lengthOffset(OFFSET).minProbability(MIN_PROBABILITY)
        .maxNumSequences(NUM_HANDLES).maxNumSharedTokens(2 * HALF_SIZE).build();
    private final List<List<Integer>> sequences = new ArrayList<>();
    private final int[] bases = new int[NUM_HANDLES];
    private final int[] numSeen = new int[NUM_HANDLES];
    private NaiveSuffixes newer = new NaiveSuffixes();
    private NaiveSuffixes older = new NaiveSuffixes();
    private int epoch = 1;
    /** By handle: the matches with the newer and the older texts, and when they were begun. */
    private final int[][] matches = new int[NUM_HANDLES][2];
    private final int[][] matchEpochs = new int[NUM_HANDLES][2];

    private Pair() {
      for (int i = 0; i < NUM_HANDLES; i++) {
        sequences.add(new ArrayList<>());
      }
    }

    private void grow(int handle, int numTokens, int seed) {
      List<Integer> tokens = sequences.get(handle);
      SplitMix random = new SplitMix(seed);
      for (int i = 0; i < numTokens && tokens.size() < 200; i++) {
        List<Integer> source = sequences.get(random.below(NUM_HANDLES));
        int back = random.oneOf(1, 2, 7, 30);
        boolean isRepeated = random.below(4) > 0 && source.size() >= back;
        tokens.add(isRepeated ? source.get(source.size() - back) : random.below(7));
      }
    }

    private void growAndPropose(int handle, int numTokens, int seed, int room,
        boolean takesTrees) {
      grow(handle, numTokens, seed);
      List<Integer> tokens = sequences.get(handle);
      HandDraftBatch batch = new HandDraftBatch();
      batch = takesTrees ? batch : batch.chainsAlone();
      Drafts drafts = batch.with(handle, room, ints(tokens)).show(drafter).drafts(0);

      NaiveSuffixes.Candidate expected = room == 0 ? NaiveSuffixes.Candidate.NONE
          : search(handle, Math.min(room, MAX_NUM_DRAFTS), takesTrees);
      List<Integer> proposed =
          IntStream.range(0, drafts.numDrafts()).mapToObj(drafts::token).toList();
      List<Integer> parents =
          IntStream.range(0, drafts.numDrafts()).mapToObj(drafts::parent).toList();
      assertThat(proposed).as("drafts behind %s: %s", tokens, expected)
          .isEqualTo(expected.tokens());
      assertThat(parents).as("parents").isEqualTo(expected.parents());
    }

    private void finish(int handle, int numPromptTokens) {
      List<Integer> tokens = sequences.get(handle);
      int numPrompt = Math.min(numPromptTokens, tokens.size());
      HandDraftBatch.finish(drafter, handle, numPrompt, ints(tokens));
      learn(tokens.subList(Math.max(numPrompt, tokens.size() - HALF_SIZE), tokens.size()));
      tokens.clear();
      bases[handle] = 0;
      numSeen[handle] = 0;
      matchEpochs[handle] = new int[2];
    }

    private void learn(List<Integer> output) {
      if (output.isEmpty()) {
        return;
      }
      if (newer.numTokens() + output.size() > HALF_SIZE) {
        NaiveSuffixes emptied = older;
        older = newer;
        newer = emptied;
        newer.clear();
        epoch++;
        for (int handle = 0; handle < NUM_HANDLES; handle++) {
          matches[handle][1] = matches[handle][0];
          matchEpochs[handle][1] = matchEpochs[handle][0];
          matchEpochs[handle][0] = 0;
        }
      }
      newer.begin();
      output.forEach(newer::append);
    }

    private NaiveSuffixes.Candidate search(int handle, int room, boolean takesTrees) {
      List<Integer> tokens = sequences.get(handle);
      match(handle, 0, newer);
      match(handle, 1, older);
      if (tokens.size() - bases[handle] > WINDOW_SIZE) {
        bases[handle] = tokens.size() - WINDOW_SIZE / 2;
      }
      numSeen[handle] = tokens.size();
      List<Integer> known = tokens.subList(bases[handle], tokens.size());
      NaiveSuffixes own = new NaiveSuffixes();
      own.begin();
      known.forEach(own::append);
      NaiveSuffixes.Candidate best = NaiveSuffixes.Candidate.NONE;
      int ownMatch = Math.min(known.size(), MAX_MATCH_LENGTH);
      best = better(best, own, tokens, ownMatch, room, takesTrees);
      best = better(best, newer, tokens, matches[handle][0], room, takesTrees);
      return better(best, older, tokens, matches[handle][1], room, takesTrees);
    }

    /** The match grows by one with each token, or is looked for anew. */
    private void match(int handle, int half, NaiveSuffixes texts) {
      List<Integer> tokens = sequences.get(handle);
      int first = numSeen[handle];
      if (matchEpochs[handle][half] == 0 || tokens.size() - first > MAX_MATCH_LENGTH) {
        matches[handle][half] = 0;
        first = Math.max(0, tokens.size() - MAX_MATCH_LENGTH);
      }
      for (int end = first + 1; end <= tokens.size() && !texts.isEmpty(); end++) {
        int length = Math.min(matches[handle][half] + 1, MAX_MATCH_LENGTH);
        while (length > 0 && texts.count(tokens.subList(end - length, end)) == 0) {
          length--;
        }
        matches[handle][half] = length;
      }
      matchEpochs[handle][half] = texts.isEmpty() ? 0 : epoch;
    }

    private static NaiveSuffixes.Candidate better(NaiveSuffixes.Candidate best,
        NaiveSuffixes texts, List<Integer> tokens, int longest, int room, boolean takesTrees) {
      NaiveSuffixes.Candidate better = best;
      for (int length = longest; length > 0; length--) {
        List<Integer> match = tokens.subList(tokens.size() - length, tokens.size());
        int limit = (int) Math.min(room, Math.floor(length * FACTOR + OFFSET));
        NaiveSuffixes.Candidate candidate = takesTrees
            ? texts.tree(match, limit, MIN_PROBABILITY)
            : texts.chain(match, limit, MIN_PROBABILITY);
        better = candidate.score() > better.score() ? candidate : better;
      }
      return better;
    }

    private static int[] ints(List<Integer> tokens) {
      return tokens.stream().mapToInt(token -> token).toArray();
    }
  }
}
