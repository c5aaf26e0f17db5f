package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** The automaton counts what a search through all texts counts. */
class SuffixAutomatonProperties {
  private static final int MAX_DEPTH = 7;
  private static final int MAX_MATCH_LENGTH = 4;

  @Provide Arbitrary<List<List<Integer>>> texts() {
    Arbitrary<List<Integer>> binary =
        Arbitraries.integers().between(0, 1).list().ofMinSize(1).ofMaxSize(40);
    Arbitrary<List<Integer>> wide =
        Arbitraries.integers().between(0, 12).list().ofMinSize(1).ofMaxSize(60);
    return Arbitraries.oneOf(binary, wide).list().ofMinSize(1).ofMaxSize(4);
  }

  @Property(tries = 1500)
  void allSuffixesOfTheEndAreCounted(@ForAll("texts") List<List<Integer>> texts) {
    SuffixAutomaton automaton = new SuffixAutomaton(MAX_DEPTH, MAX_MATCH_LENGTH);
    NaiveSuffixes naive = new NaiveSuffixes();
    for (List<Integer> text : texts) {
      automaton.begin();
      naive.begin();
      for (int i = 0; i < text.size(); i++) {
        automaton.append(text.get(i));
        naive.append(text.get(i));
        if (i % 3 == 0) {
          checkSuffixes(automaton, naive, text.subList(0, i + 1));
        }
      }
    }
  }

  private static void checkSuffixes(SuffixAutomaton automaton, NaiveSuffixes naive,
      List<Integer> text) {
    long match = automaton.endMatch();
    int length = SuffixAutomaton.matchLength(match);
    assertThat(length).isEqualTo(Math.min(text.size(), MAX_MATCH_LENGTH));
    int state = automaton.state(match);
    for (; length > 0; length--) {
      while (automaton.length(automaton.link(state)) >= length) {
        state = automaton.link(state);
      }
      check(automaton, state, naive, text.subList(text.size() - length, text.size()));
    }
  }

  /** Counts and children of the string, and of what follows it, as deep as counts hold. */
  private static void check(SuffixAutomaton automaton, int state, NaiveSuffixes naive,
      List<Integer> string) {
    assertThat(automaton.count(state)).as("count of %s", string).isEqualTo(naive.count(string));
    List<NaiveSuffixes.Child> children = naive.children(string);
    for (int rank = 0; string.size() < MAX_DEPTH && rank < children.size(); rank++) {
      assertThat(automaton.rankedToken(state, rank)).as("token %d behind %s", rank, string)
          .isEqualTo(children.get(rank).token());
      assertThat(automaton.rankedCount(state, rank)).as("count %d behind %s", rank, string)
          .isEqualTo(children.get(rank).count());
      List<Integer> longer = new ArrayList<>(string);
      longer.add(children.get(rank).token());
      check(automaton, automaton.rankedChild(state, rank), naive, longer);
    }
  }

  @Property(tries = 1500)
  void matchesGrowTokenByToken(@ForAll("texts") List<List<Integer>> texts) {
    SuffixAutomaton automaton = new SuffixAutomaton(MAX_DEPTH, MAX_MATCH_LENGTH);
    NaiveSuffixes naive = new NaiveSuffixes();
    List<Integer> reader = texts.get(texts.size() - 1);
    long match = SuffixAutomaton.NO_MATCH;
    int length = 0;
    for (int i = 0; i < reader.size(); i++) {
      List<Integer> learned = texts.get(i % texts.size());
      automaton.begin();
      naive.begin();
      for (int j = 0; j < learned.size() && i < 5; j++) {
        automaton.append(learned.get(j) % 5);
        naive.append(learned.get(j) % 5);
      }
      match = automaton.extend(match, reader.get(i));
      length = Math.min(length + 1, MAX_MATCH_LENGTH);
      while (length > 0 && naive.count(reader.subList(i + 1 - length, i + 1)) == 0) {
        length--;
      }

      assertThat(SuffixAutomaton.matchLength(match)).isEqualTo(length);
      if (length > 0) {
        check(automaton, automaton.state(match), naive, reader.subList(i + 1 - length, i + 1));
      }
    }
  }
}
