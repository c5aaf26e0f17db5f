package dev.weft.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;
import org.junit.jupiter.api.Test;

final class TokenPagesTest {
  private static final int NUM_HANDLES = 4;
  private static final int MAX_NUM_TOKENS = 1000;

  @Test void promptAndOutputAreReadBackAcrossPages() {
    TokenPages pages = new TokenPages(1);
    pages.open(0, 600);
    pages.appendAll(0, prompt(511));
    pages.append(0, 7);
    pages.append(0, 8);

    int[] copied = new int[4];
    pages.copy(0, 510, copied, 1, 3);

    assertThat(copied).containsExactly(0, 1510, 7, 8);
    assertThat(pages.token(0, 255)).isEqualTo(1255);
    assertThat(pages.token(0, 256)).isEqualTo(1256);
  }

  @Test void poolGrowsAtMostOnceForAPrompt() {
    TokenPages pages = new TokenPages(1);
    pages.open(0, 100 * TokenPages.PAGE_SIZE);

    pages.appendAll(0, prompt(100 * TokenPages.PAGE_SIZE));

    assertThat(pages.numGrowths()).isEqualTo(1);
    assertThat(pages.numFreePages()).isZero();
  }

  @Test void pagesComeBackWhenASequenceIsCutOrClosed() {
    TokenPages pages = new TokenPages(2);
    pages.open(0, 5000);
    pages.appendAll(0, prompt(4096));
    assertThat(pages.numFreePages()).isZero();

    pages.truncate(0, 257);
    assertThat(pages.numFreePages()).isEqualTo(14);
    pages.close(0);
    assertThat(pages.numFreePages()).isEqualTo(16);
    pages.open(1, 5000);
    pages.appendAll(1, prompt(4096));

    assertThat(pages.numGrowths()).isEqualTo(1);
  }

  @Test void theLastTokenAloneIsThatOfThePage() {
    TokenPages pages = new TokenPages(2);
    int[] last = new int[1];
    pages.open(0, 600);
    pages.appendAll(0, prompt(300));
    pages.copy(0, 299, last, 0, 1);
    assertThat(last).containsExactly(1299);

    pages.append(0, 7);
    pages.copy(0, 300, last, 0, 1);
    assertThat(last).containsExactly(7);

    pages.set(0, 300, 8);
    pages.copy(0, 300, last, 0, 1);
    assertThat(last).containsExactly(8);

    pages.truncate(0, 256);
    pages.copy(0, 255, last, 0, 1);
    assertThat(last).containsExactly(1255);

    pages.open(1, 600);
    pages.copyAll(0, 1, 10);
    pages.copy(1, 9, last, 0, 1);
    assertThat(last).containsExactly(1009);
  }

  @Test void viewIsCutAtItsLength() {
    TokenPages pages = new TokenPages(1);
    pages.open(0, 300);
    pages.appendAll(0, prompt(300));

    TokenSequence view = pages.view(0, 260);

    assertThat(view.numTokens()).isEqualTo(260);
    assertThat(view.token(259)).isEqualTo(1259);
    assertThatThrownBy(() -> view.token(260)).isInstanceOf(IndexOutOfBoundsException.class);
    int[] copied = new int[2];
    view.copyTokens(255, copied, 0, 2);
    assertThat(copied).containsExactly(1255, 1256);
    assertThatThrownBy(() -> view.copyTokens(259, copied, 0, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test void refusalNamesHandleAndBothNumbers() {
    TokenPages pages = new TokenPages(2);
    pages.open(0, 10);
    pages.appendAll(0, prompt(10));

    assertThatThrownBy(() -> pages.append(0, 1)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("handle 0: 10 + 1 tokens of at most 10");
    assertThatThrownBy(() -> pages.token(0, 10)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pages.set(0, -1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pages.view(0, 11)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pages.open(0, 10)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> pages.append(1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pages.close(1)).isInstanceOf(IllegalArgumentException.class);
    pages.checkIntegrity();
  }

  @Property(tries = 300)
  void sameAsArrayLists(@ForAll("actions") ActionChain<Pair> chain) {
    chain.withInvariant("integrity", pair -> pair.pages.checkIntegrity())
        .withInvariant("same as model", Pair::checkModel)
        .run();
  }

  @Provide Arbitrary<ActionChain<Pair>> actions() {
    Arbitrary<Integer> handles = Arbitraries.integers().between(0, NUM_HANDLES - 1);
    Arbitrary<Integer> numbers = Arbitraries.integers().between(1, 600);
    Action.Independent<Pair> open = () -> handles.flatMap(handle -> numbers.map(
        n -> Transformer.mutate("open " + handle + " with " + n, pair -> pair.open(handle, n))));
    Action.Independent<Pair> append = () -> handles.flatMap(handle -> numbers.map(
        n -> Transformer.mutate("append " + n + " to " + handle, pair -> pair.append(handle, n))));
    Action.Independent<Pair> set = () -> handles.flatMap(handle -> numbers.map(
        n -> Transformer.mutate("set " + n + " of " + handle, pair -> pair.set(handle, n))));
    Action.Independent<Pair> truncate = () -> handles.flatMap(handle -> numbers.map(
        n -> Transformer.mutate("cut " + handle + " to " + n, pair -> pair.truncate(handle, n))));
    Action.Independent<Pair> fork = () -> handles.flatMap(parent -> handles.map(
        child -> Transformer.mutate(
            "fork " + parent + " to " + child, pair -> pair.fork(parent, child))));
    Action.Independent<Pair> close = () -> handles.map(
        handle -> Transformer.mutate("close " + handle, pair -> pair.close(handle)));
    return ActionChain.startWith(Pair::new)
        .withAction(4, open)
        .withAction(4, append)
        .withAction(1, set)
        .withAction(1, truncate)
        .withAction(2, fork)
        .withAction(1, close)
        .withMaxTransformations(60);
  }

  /** A prompt of tokens 1000, 1001, … */
  private static Request prompt(int numTokens) {
    return Request.builder(1, IntStream.range(1000, 1000 + numTokens).toArray()).build();
  }

  /** The pages and a model: a list of tokens for each open handle. */
  private static final class Pair {
    private final TokenPages pages = new TokenPages(NUM_HANDLES);
    private final Map<Integer, List<Integer>> model = new TreeMap<>();
    private int nextToken = 1;

    private void open(int handle, int numPromptTokens) {
      if (!model.containsKey(handle)) {
        pages.open(handle, MAX_NUM_TOKENS);
        pages.appendAll(handle, prompt(numPromptTokens));
        model.put(handle, new ArrayList<>(
            IntStream.range(1000, 1000 + numPromptTokens).boxed().toList()));
      }
    }

    private void append(int handle, int n) {
      for (int i = 0; model.containsKey(handle) && i < n; i++) {
        if (model.get(handle).size() < MAX_NUM_TOKENS) {
          pages.append(handle, nextToken);
          model.get(handle).add(nextToken++);
        }
      }
    }

    private void set(int handle, int position) {
      if (model.containsKey(handle) && position < model.get(handle).size()) {
        pages.set(handle, position, nextToken);
        model.get(handle).set(position, nextToken++);
      }
    }

    private void truncate(int handle, int numTokens) {
      if (model.containsKey(handle) && numTokens <= model.get(handle).size()) {
        pages.truncate(handle, numTokens);
        model.put(handle, new ArrayList<>(model.get(handle).subList(0, numTokens)));
      }
    }

    private void fork(int parent, int child) {
      if (model.containsKey(parent) && !model.containsKey(child)) {
        int numTokens = model.get(parent).size() / 2;
        pages.open(child, MAX_NUM_TOKENS);
        pages.copyAll(parent, child, numTokens);
        model.put(child, new ArrayList<>(model.get(parent).subList(0, numTokens)));
      }
    }

    private void close(int handle) {
      if (model.remove(handle) != null) {
        pages.close(handle);
      }
    }

    private void checkModel() {
      model.forEach((handle, tokens) -> {
        int[] copied = new int[tokens.size()];
        pages.copy(handle, 0, copied, 0, copied.length);
        assertThat(copied).isEqualTo(tokens.stream().mapToInt(Integer::intValue).toArray());
        assertThat(pages.numTokens(handle)).isEqualTo(tokens.size());
        if (!tokens.isEmpty()) {
          int last = tokens.size() - 1;
          pages.copy(handle, last, copied, 0, 1);
          assertThat(copied[0]).as("last token alone").isEqualTo(tokens.get(last));
        }
      });
    }
  }
}
