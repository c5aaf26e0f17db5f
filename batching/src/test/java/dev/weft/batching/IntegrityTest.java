package dev.weft.batching;

import static dev.weft.batching.SchedulerHarness.request;
import static dev.weft.batching.SchedulerHarness.samples;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.weft.schedulerapi.BlockReason;
import dev.weft.schedulerapi.Request;
import java.lang.reflect.Field;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every recount notices what it is there for. */
final class IntegrityTest {
  /** Handles of the sequences that live. */
  private static final int FIRST_RUNNING = 0;
  private static final int SECOND_RUNNING = 1;
  private static final int WAITING = 2;
  private static final int BLOCKED = 3;
  private static final int LEADER = 4;
  private static final int UNBORN = 5;
  private static final int FREE = 8;

  private final SchedulerHarness harness = SchedulerHarness.builder()
      .cache(new FlatKvCache(40, SchedulerHarness.BLOCK_SIZE, 16, 16))
      .limits(limits -> limits.maxNumSeqs(4).maxNumWaiting(8).maxInFlight(2).maxNumDraftTokens(2))
      .build();

  /** Two run with a token in flight, one waits, one is blocked, and one has an unborn sample. */
  @BeforeEach void live() {
    harness.add(request(1, 5, 9), request(2, 5, 9)).plan();
    harness.add(request(3, 5, 9),
        Request.builder(4, 1, 2).blockedBy(BlockReason.HOST).deadlineNanos(9000).build(),
        samples(5, 5, 9, 2));
  }

  static Stream<Arguments> damages() {
    return Stream.of(
        damage("I40: request 1 sample 0 with status 0 is listed as running",
            core -> core.table.status[FIRST_RUNNING] = SequenceTable.WAITING),
        damage("I40: request 1 sample 0 with status 1 is listed as running twice",
            core -> core.running.addLast(FIRST_RUNNING)),
        damage("I40: request 3 sample 0 with status 1 is listed as waiting",
            core -> core.table.status[WAITING] = SequenceTable.RUNNING),
        damage("I40: running sequences counted along are 3, recounted 2",
            core -> core.numRunning++),
        damage("I40: running sequences counted along are 2, recounted 3", core -> {
          core.table.status[FREE] = SequenceTable.RUNNING;
          core.table.slot[FREE] = core.slots.take();
          core.table.row[FREE] = SequenceTable.NONE;
          core.tokens.open(FREE, 9);
        }),
        damage("I40: waiting sequences counted along are 1, recounted 2",
            core -> core.waiting.remove(WAITING)),
        damage("I40: blocked sequences counted along are 0, recounted 1",
            core -> core.numBlocked--),
        damage("I40: unborn samples counted along are 2, recounted 1", core -> core.numUnborn++),
        damage("I40: requests counted along are 4, recounted 5", core -> core.leaders.remove(3)),
        damage("I12: slots counted along are 8, recounted 7", core -> core.slots.take()),
        damage("I12: request 1 sample 0 with status 1 has slot -1",
            core -> core.table.slot[FIRST_RUNNING] = SequenceTable.NONE),
        damage("I12: request 3 sample 0 with status 0 has slot 7",
            core -> core.table.slot[WAITING] = 7),
        damage("I12: request 3 sample 0 with status 0 holds 2 blocks",
            core -> core.kvCache.reserve(WAITING, 0, 5)),
        damage("I12: request 4 sample 0 with status 2 holds 1 blocks",
            core -> core.kvCache.reserve(BLOCKED, 0, 2)),
        damage("I59: request 3 sample 0 with status 0 counts 3 computed tokens without a block",
            core -> core.table.numComputed[WAITING] = 3),
        damage("I6: request 1 sample 0 with status 1 has 9 computed tokens in 2 blocks",
            core -> core.table.numComputed[FIRST_RUNNING] = 9),
        damage("I6: request 2 sample 0 with status 1 has 5 computed tokens in 0 blocks",
            core -> core.kvCache.release(SECOND_RUNNING)),
        damage("I7: request 1 sample 0 with status 1 may write up to position 9 in 2 blocks",
            core -> core.table.writableEnd[FIRST_RUNNING] = 9),
        damage("I7: request 1 sample 0 with status 1 may write block 2, which is shared",
            core -> core.kvCache.fork(FIRST_RUNNING, WAITING, 5)),
        damage("I54: request 1 sample 0 with status 1 keeps row 0",
            core -> core.table.row[FIRST_RUNNING] = 0),
        damage("I54: request 3 sample 0 with status 0 keeps row -2",
            core -> core.table.row[WAITING] = SequenceTable.LOST_BLOCKS),
        damage("I51: request 1 sample 0 with status 1 keeps 6 tokens, known are 5",
            core -> core.tokens.append(FIRST_RUNNING, 7)),
        damage("I51: request 5 sample 1 with status 4 keeps 1 tokens, known are 0",
            core -> core.tokens.append(UNBORN, 7)),
        damage("I33: request 1 sample 0 with status 1 has 6 tokens of at most 5",
            core -> core.table.maxNumTokens[FIRST_RUNNING] = 5),
        damage("L1: request 5 sample 1 with status 4 waits to be born by a leader that ended",
            core -> {
              core.waiting.remove(LEADER);
              core.table.status[LEADER] = SequenceTable.FINISHED;
            }),
        damage("I50: request 1 sample 0 with status 1 has 1 unread tokens, in flight are 0",
            core -> core.plans.inFlight(0).resultEpoch[0]--),
        damage("I50: request 3 sample 0 with status 0 has -1 unread tokens, in flight are 0",
            core -> {
              core.table.numUnread[WAITING]--;
              core.table.numTokens[WAITING]--;
            }),
        damage("I58: request 1 sample 0 with status 1 counts 1 drafts in flight of 0",
            core -> core.table.numDraftsInFlight[FIRST_RUNNING] = 1));
  }

  private static Arguments damage(String message, Consumer<Core> damage) {
    return Arguments.of(message, damage);
  }

  @ParameterizedTest @MethodSource("damages")
  void damageIsNoticed(String message, Consumer<Core> damage) {
    damage.accept(harness.scheduler.core);

    assertThatIllegalStateException().isThrownBy(harness.scheduler::checkIntegrity)
        .withMessage(message);
  }

  static Stream<Arguments> parts() {
    return Stream.of(
        part("4 entries in tables, 4 holders; 36 blocks without one, 37 free", core -> core.kvCache,
            "numFree"),
        part("root 3 or the sentinel is damaged", core -> core.waiting, "root"),
        part("5 pages held + 11 free of 17", core -> core.tokens, "numPages"),
        part("handle 0 is at 1, place -1", core -> core.deadlines, "size"));
  }

  private static Arguments part(String message, Function<Core, Object> part, String counter) {
    return Arguments.of(message, part, counter);
  }

  /** One private counter of a part is wrong by one. */
  @ParameterizedTest @MethodSource("parts")
  void partsRecountTheirOwnBooks(String message, Function<Core, Object> part, String counter)
      throws ReflectiveOperationException {
    Object damaged = part.apply(harness.scheduler.core);
    Field field = damaged.getClass().getDeclaredField(counter);
    field.setAccessible(true);
    field.setInt(damaged, field.getInt(damaged) + 1);

    assertThatIllegalStateException().isThrownBy(harness.scheduler::checkIntegrity)
        .withMessage(message);
  }

  @Test void nothingIsNoticedWithoutDamage() {
    assertThatCode(harness.scheduler::checkIntegrity).doesNotThrowAnyException();
  }
}
