package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.KvCache;
import dev.weft.schedulerapi.KvEventListener;
import dev.weft.schedulerapi.KvNamespace;
import dev.weft.schedulerapi.TokenSequence;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

/** The checks themselves: a right cache that lies in one answer is caught, by a number. */
class KvCachePairTest {
  private static final KvCacheConfig CONFIG = KvCacheConfig.small(9, 3);

  /** Sees an answer of the right cache and gives another one. */
  private interface Lie {
    Object answer(Object right, Object[] arguments);
  }

  private final KvCacheModel right = new KvCacheModel(CONFIG);

  @Test
  void aRightCacheIsNotBlamed() {
    assertThatCode(() -> live(right, KvAgreement.BLOCK_IDS)).doesNotThrowAnyException();
  }

  @Test
  void aFreeBlockTooManyIsCaught() {
    assertCaught("I1: ", lying("numFreeBlocks", (n, arguments) -> (int) n + 1));
  }

  @Test
  void aHolderTooManyIsCaught() {
    assertCaught("I2: ", lying("numHolders", (n, arguments) ->
        (int) arguments[0] == CONFIG.numBlocks() ? (int) n + 1 : n));
  }

  @Test
  void aBlockThatMovesIsCaught() {
    AtomicInteger numReservations = new AtomicInteger();
    KvCache counting = lying("reserve", (isGranted, arguments) -> {
      numReservations.incrementAndGet();
      return isGranted;
    });
    int numBlocks = CONFIG.numBlocks();
    KvCache moving = lying(counting, "block", (id, arguments) ->
        ((int) id - 1 + numReservations.get()) % numBlocks + 1);
    assertCaught("I5: ", lying(moving, "numHolders", (n, arguments) ->
        right.numHolders(
            Math.floorMod((int) arguments[0] - 1 - numReservations.get(), numBlocks) + 1)));
  }

  @Test
  void aTableTooShortIsCaught() {
    assertCaught("I6: ", lying("numBlocks", (n, arguments) ->
        arguments.length == 0 ? n : Math.max(0, (int) n - 1)));
  }

  @Test
  void aSharedBlockThatIsWrittenIsCaught() {
    assertCaught("I7: ", lying("numHolders", (n, arguments) -> (int) n == 1 ? 2 : n));
  }

  @Test
  void aWrongPredictionIsCaught() {
    assertCaught("I8: ", lying("numBlocksNeeded", (n, arguments) -> Math.max(0, (int) n - 1)));
  }

  @Test
  void aRefusalThatChangesSomethingIsCaught() {
    AtomicInteger numRefused = new AtomicInteger();
    KvCache counting = lying("reserve", (isGranted, arguments) -> {
      numRefused.addAndGet((boolean) isGranted ? 0 : 1);
      return isGranted;
    });
    assertCaught("I9: ", lying(counting, "numEvictions", (n, arguments) ->
        (long) n + numRefused.get()));
  }

  @Test
  void aSecondReleaseThatCountsIsCaught() {
    AtomicInteger numReleases = new AtomicInteger();
    KvCache counting = lying("release", (nothing, arguments) -> {
      numReleases.incrementAndGet();
      return nothing;
    });
    assertCaught("I11: ", lying(counting, "numEvictions", (n, arguments) ->
        (long) n + numReleases.get()));
  }

  @Test
  void aBlockThatNeverComesBackIsCaught() {
    AtomicInteger numClosed = new AtomicInteger();
    KvCache counting = lying("close", (nothing, arguments) -> {
      numClosed.incrementAndGet();
      return nothing;
    });
    KvCache leaking = lying(counting, "numFreeBlocks", (n, arguments) ->
        numClosed.get() > 0 ? (int) n - 1 : n);
    KvCachePair pair = new KvCachePair(
        leaking, new KvCacheModel(CONFIG), CONFIG, KvAgreement.BOOKS);
    pair.apply(new KvAction(KvAction.Kind.SCHEDULE, 0, 5, 1));
    assertThatThrownBy(pair::closeAll).hasMessageContaining("I13: ");
  }

  @Test
  void aTokenTooManyInAMatchIsCaught() {
    assertCaught("I20, I21: ", lying("match", (n, arguments) -> (int) n + CONFIG.blockSize()));
  }

  @Test
  void aBlockThatIsPublishedTooEarlyIsCaught() {
    assertCaught("I24: ", lying("commit", (nothing, arguments) -> {
      int sequence = (int) arguments[0];
      int numCommitted = (int) arguments[2] / CONFIG.blockSize() * CONFIG.blockSize();
      int numPositions = right.numBlocks(sequence) * CONFIG.blockSize();
      right.commit(sequence, (TokenSequence) arguments[1],
          Math.min(numCommitted + CONFIG.blockSize(), numPositions));
      return nothing;
    }));
  }

  @Test
  void aClearUnderReadersIsCaught() {
    assertCaught("I26: ", lying("clearPrefixes", (isDone, arguments) -> true));
  }

  @Test
  void aBlockThatIsNotAnnouncedIsCaught() {
    assertCaught("I72: ", deafTo(number -> true));
  }

  @Test
  void aGapInTheEventsIsCaught() {
    assertCaught("I73: ", deafTo(number -> number == 2));
  }

  @Test
  void anotherBlockThanTheModelsIsCaught() {
    KvCache other = new KvCacheModel(new KvCacheConfig(9, 3, 6, 6, 16, true, (i, hits) -> i % 2));
    assertThatThrownBy(() -> live(other, KvAgreement.BLOCK_IDS))
        .isInstanceOf(AssertionError.class).hasMessageContaining("model");
  }

  private static void assertCaught(String number, KvCache liar) {
    assertThatThrownBy(() -> live(liar, KvAgreement.BOOKS))
        .isInstanceOf(AssertionError.class).hasMessageContaining(number);
  }

  private static void live(KvCache cache, KvAgreement agreement) {
    KvCachePair pair = new KvCachePair(cache, new KvCacheModel(CONFIG), CONFIG, agreement);
    actions().forEach(pair::apply);
    pair.closeAll();
  }

  private static List<KvAction> actions() {
    SplittableRandom random = new SplittableRandom(1);
    KvAction.Kind[] kinds = KvAction.Kind.values();
    List<KvAction> actions = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      KvAction.Kind kind = random.nextInt(2) == 0
          ? KvAction.Kind.SCHEDULE
          : kinds[random.nextInt(kinds.length)];
      actions.add(new KvAction(
          kind, random.nextInt(1000), random.nextInt(1000), random.nextInt(1000)));
    }
    return actions;
  }

  private KvCache lying(String method, Lie lie) {
    return lying(right, method, lie);
  }

  private static KvCache lying(KvCache cache, String method, Lie lie) {
    return (KvCache) Proxy.newProxyInstance(KvCache.class.getClassLoader(),
        new Class<?>[] {KvCache.class}, (proxy, called, arguments) -> {
          try {
            Object answer = called.invoke(cache, arguments);
            Object[] given = arguments == null ? new Object[0] : arguments;
            return called.getName().equals(method) ? lie.answer(answer, given) : answer;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }

  private KvCache deafTo(LongPredicate isLost) {
    return lying("setEventListener", (nothing, arguments) -> {
      right.setEventListener(new LossyListener((KvEventListener) arguments[0], isLost));
      return nothing;
    });
  }

  /** Loses some events. */
  private record LossyListener(KvEventListener target, LongPredicate isLost)
      implements KvEventListener {
    @Override
    public void onStored(long number, long key, long parentKey, KvNamespace namespace,
        int[] tokens, int offset, int numTokens) {
      if (!isLost.test(number)) {
        target.onStored(number, key, parentKey, namespace, tokens, offset, numTokens);
      }
    }

    @Override
    public void onRemoved(long number, long key) {
      if (!isLost.test(number)) {
        target.onRemoved(number, key);
      }
    }

    @Override
    public void onCleared(long number) {
      if (!isLost.test(number)) {
        target.onCleared(number);
      }
    }
  }
}
