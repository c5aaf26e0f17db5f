package dev.weft.speculative;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** What a {@link SuffixAutomaton} says, found by looking through all texts. */
final class NaiveSuffixes {
  /** A token that followed, how often, and when last. */
  record Child(int token, int count, int lastSeen) {}

  private final List<List<Integer>> texts = new ArrayList<>();

  void clear() {
    texts.clear();
  }

  boolean isEmpty() {
    return texts.isEmpty();
  }

  void begin() {
    texts.add(new ArrayList<>());
  }

  void append(int token) {
    texts.get(texts.size() - 1).add(token);
  }

  int numTokens() {
    return texts.stream().mapToInt(List::size).sum();
  }

  int count(List<Integer> string) {
    int count = 0;
    for (List<Integer> text : texts) {
      for (int i = 0; i + string.size() <= text.size(); i++) {
        count += text.subList(i, i + string.size()).equals(string) ? 1 : 0;
      }
    }
    return count;
  }

  /** The most frequent first, of equal ones that seen last, no more than a state knows. */
  List<Child> children(List<Integer> string) {
    Map<Integer, int[]> countAndLast = new TreeMap<>();
    int time = 0;
    for (List<Integer> text : texts) {
      for (int i = 0; i + string.size() < text.size(); i++) {
        time++;
        if (text.subList(i, i + string.size()).equals(string)) {
          int[] seen = countAndLast.computeIfAbsent(text.get(i + string.size()), t -> new int[2]);
          seen[0]++;
          seen[1] = time;
        }
      }
    }
    return countAndLast.entrySet().stream()
        .map(entry -> new Child(entry.getKey(), entry.getValue()[0], entry.getValue()[1]))
        .sorted(Comparator.comparing((Child child) -> -child.count())
            .thenComparing(child -> -child.lastSeen()))
        .limit(SuffixAutomaton.WIDTH).toList();
  }

  /** Drafts with their parents, and what they are expected to bring. */
  record Candidate(List<Integer> tokens, List<Integer> parents, double score) {
    static final Candidate NONE = new Candidate(List.of(), List.of(), 0);
  }

  /** The most frequent children, one behind the other. */
  Candidate chain(List<Integer> match, int maxNumDrafts, double minProbability) {
    List<Integer> string = new ArrayList<>(match);
    List<Integer> tokens = new ArrayList<>();
    double score = 0;
    double probability = 1;
    while (tokens.size() < maxNumDrafts && !children(string).isEmpty()) {
      Child child = children(string).get(0);
      probability *= (double) child.count() / count(string);
      if (probability < minProbability) {
        break;
      }
      score += probability;
      tokens.add(child.token());
      string.add(child.token());
    }
    List<Integer> parents = IntStream.range(-1, tokens.size() - 1).boxed().toList();
    return new Candidate(tokens, tokens.isEmpty() ? List.of() : parents, score);
  }

  private record Leaf(List<Integer> string, int parent, double probability) {}

  /** The likeliest children of all that is in the tree, one after the other. */
  Candidate tree(List<Integer> match, int maxNumDrafts, double minProbability) {
    List<Leaf> leaves = new ArrayList<>(leaves(match, -1, 1, minProbability));
    List<Integer> tokens = new ArrayList<>();
    List<Integer> parents = new ArrayList<>();
    double score = 0;
    while (tokens.size() < maxNumDrafts && !leaves.isEmpty()) {
      Leaf best = leaves.get(0);
      for (Leaf leaf : leaves) {
        best = leaf.probability() > best.probability() ? leaf : best;
      }
      leaves.remove(best);
      tokens.add(best.string().get(best.string().size() - 1));
      parents.add(best.parent());
      score += best.probability();
      leaves.addAll(
          leaves(best.string(), tokens.size() - 1, best.probability(), minProbability));
    }
    return new Candidate(tokens, parents, score);
  }

  private List<Leaf> leaves(List<Integer> string, int parent, double probability,
      double minProbability) {
    List<Leaf> leaves = new ArrayList<>();
    for (Child child : children(string)) {
      List<Integer> longer = new ArrayList<>(string);
      longer.add(child.token());
      double product = probability * ((double) child.count() / count(string));
      if (product >= minProbability) {
        leaves.add(new Leaf(longer, parent, product));
      }
    }
    return leaves;
  }
}
