package dev.weft.engine.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.ExecutorSpec;
import dev.weft.schedulerapi.SchedulerLimits;
import dev.weft.schedulerapi.SchedulerListener;
import dev.weft.schedulerapi.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files that are not what a recorder wrote: clear errors, no hanging, no boundless memory. */
final class JournalDamageTest {
  private static final int NUM_FLIPS = 3_000;
  private static final int SEGMENT_HEAD_SIZE = 20;
  @TempDir Path folder;

  private byte[] recorded(TokenForm form) throws IOException {
    RecordedScheduler run = new RecordedScheduler(form, 1 << 16, 4, 2);
    for (int i = 0; i < 12; i++) {
      run.add(6, 1, 2, 3, 4, 5, 6, 7, 8, i);
      run.step();
      run.propose(3, 4);
    }
    run.scheduler.abort(11, run.nowNanos);
    run.finish();
    return run.bytes(folder);
  }

  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void everyPrefixOfAFileIsReadAsFarAsItGoes(TokenForm form) throws IOException {
    byte[] whole = recorded(form);
    long numStepsBefore = 0;
    for (int length = headSize(whole); length <= whole.length; length++) {
      Journal journal = JournalFile.read(Arrays.copyOf(whole, length));
      boolean hasRecords = journal.size() > 0;
      if (hasRecords) {
        Replay replay = Replay.of(journal).build();
        assertThat(replay.run()).as("%s bytes: %s", length, replay.difference()).isTrue();
        assertThat(replay.numSteps()).isGreaterThanOrEqualTo(numStepsBefore);
        numStepsBefore = replay.numSteps();
      }
      assertThat(journal.isCutOff()).isEqualTo(length < whole.length);
    }
    assertThat(numStepsBefore).isGreaterThan(10);
  }

  @Test void aFileThatEndsBeforeItsRecordsIsRefused() throws IOException {
    byte[] whole = recorded(TokenForm.HASHED);
    for (int length = 0; length < headSize(whole); length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> JournalFile.read(cut)).isInstanceOf(JournalFormatException.class)
          .hasMessageStartingWith("at byte ");
    }
  }

  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void everyFlippedBitIsNoticed(TokenForm form) throws IOException {
    byte[] whole = recorded(form);
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] damaged = whole.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      boolean isLength = isLengthOfSegment(bit / 8, whole);
      try {
        Journal journal = JournalFile.read(damaged);
        assertThat((isLength && journal.isCutOff()) || bit / 8 == numberOffset(whole)
            || isNumber(bit / 8, whole)).as("bit %d", bit).isTrue();
      } catch (JournalFormatException e) {
        assertThat(e).hasMessageStartingWith("at byte ");
      }
    }
  }

  /** A check sum keeps no forger out: records that pass it must be survived as well. */
  @ParameterizedTest
  @EnumSource(TokenForm.class)
  void wrongRecordsUnderARightCheckSumEndInAnErrorOrADifference(TokenForm form)
      throws IOException {
    byte[] whole = recorded(form);
    SplittableRandom random = new SplittableRandom(form.ordinal());
    int start = headSize(whole) + SEGMENT_HEAD_SIZE;
    for (int i = 0; i < NUM_FLIPS; i++) {
      byte[] damaged = whole.clone();
      for (int flip = random.nextInt(1, 4); flip > 0; flip--) {
        damaged[random.nextInt(start, whole.length)] ^= (byte) (1 << random.nextInt(8));
      }
      seal(damaged);
      survive(damaged);
    }
  }

  private static void survive(byte[] damaged) {
    try {
      Journal journal = JournalFile.read(damaged);
      journal.tell(SchedulerListener.NONE);
      Replay.of(journal).build().run();
    } catch (JournalFormatException e) {
      assertThat(e).hasMessageStartingWith("at byte ");
    }
  }

  /** Written when a spec did not say yet whether its executor is deterministic. */
  @Test void aFileOfAnOlderWriterIsRead() throws IOException {
    byte[] old = HexFormat.of().parseHex("574546544c4f4701380000009c5c52d8000700000000000000802080"
        + "0280108020808080080100000000e80780088008108008800140800404011500017b0106706f6c6963790178"
        + "5345474d00000000000000000000000000000000");

    ExecutorSpec spec = JournalFile.read(old).setup().spec();

    assertThat(spec).isEqualTo(ExecutorSpec.builder().maxNumDraftTokens(4).verifiesTrees(true)
        .supportsAdapters(false).verifications(EnumSet.allOf(Verification.class)).build());
  }

  @Test void whatASpecSaysIsReadAsItWasWritten() throws IOException {
    ExecutorSpec plain = ExecutorSpec.builder().build();
    for (ExecutorSpec spec : List.of(plain, plain.toBuilder().isDeterministic(true).build())) {
      Path file = folder.resolve("spec.weftlog");
      FlightRecorder.builder().build()
          .begin(new JournalSetup(SchedulerLimits.builder().build(), spec, 0, Map.of()))
          .writeTo(file);

      assertThat(Journal.read(file).setup().spec()).isEqualTo(spec);
    }
  }

  private static int headSize(byte[] file) {
    return 16 + ((file[8] & 0xff) | ((file[9] & 0xff) << 8));
  }

  private static int numberOffset(byte[] file) {
    return headSize(file) + 4;
  }

  /** The number of the only segment says where the journal begins, and nothing else. */
  private static boolean isNumber(int at, byte[] file) {
    return at >= numberOffset(file) && at < numberOffset(file) + 8;
  }

  private static boolean isLengthOfSegment(int at, byte[] file) {
    return at >= numberOffset(file) + 8 && at < numberOffset(file) + 12;
  }

  /** Writes the check sum anew. */
  private static void seal(byte[] file) {
    int start = headSize(file) + SEGMENT_HEAD_SIZE;
    CRC32C sum = new CRC32C();
    sum.update(file, start, file.length - start);
    for (int i = 0; i < 4; i++) {
      file[start - 4 + i] = (byte) (sum.getValue() >>> (8 * i));
    }
  }
}
