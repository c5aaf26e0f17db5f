package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvNamespace;
import org.junit.jupiter.api.Test;

class BooksCheckerTest {
  private final NaiveKvCache kvCache = new NaiveKvCache(8, 4);
  private final BooksChecker books = new BooksChecker(kvCache);

  @Test void rightBooksPass() {
    open(0, 9);
    assertThatCode(() -> books.check(new NaiveStats(kvCache))).doesNotThrowAnyException();
    kvCache.close(0);
    assertThatCode(books::checkAllFree).doesNotThrowAnyException();
  }

  @Test void aLostBlockIsSeen() {
    kvCache.loseBlock();

    assertThatThrownBy(books::check).isInstanceOf(AssertionError.class)
        .hasMessage("I1: 0 blocks held + 7 free + 0 pending, of 8");
  }

  @Test void aWrongBookInsideIsSeen() {
    open(0, 4);
    open(1, 4);
    kvCache.giveTwice(1, kvCache.block(0, 0));

    assertThatThrownBy(books::check).isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("I7");
  }

  @Test void aWrongShareIsSeen() {
    open(0, 4);
    NaiveStats ofAnother = new NaiveStats(new NaiveKvCache(8, 4));

    assertThatThrownBy(() -> books.check(ofAnother)).hasMessageStartingWith("I14");
  }

  @Test void aBlockStillHeldAtTheEndIsSeen() {
    open(0, 4);

    assertThatThrownBy(books::checkAllFree).hasMessageStartingWith("I13: 7 blocks free of 8");
  }

  private void open(int sequence, int numTokens) {
    kvCache.open(sequence, KvNamespace.PLAIN, false);
    kvCache.reserve(sequence, 0, numTokens);
  }
}
