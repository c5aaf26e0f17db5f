package dev.weft.engine.journal;

import dev.weft.batching.InputListener;
import dev.weft.schedulerapi.SchedulerListener;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the inputs and the decisions of one scheduler in a ring of memory, so that the run can be
 * written to a file at any time and repeated: by {@link Replay} bit for bit if nothing was
 * overwritten, else its end can still be read and shown.
 *
 * <pre>{@code
 *   FlightRecorder recorder = FlightRecorder.builder().build();
 *   WeftEngine engine = WeftEngine.builder(executor).journal(recorder).build();
 *   ...
 *   recorder.writeTo(Path.of("incident.weftlog"));
 * }</pre>
 *
 * <p><b>Bound.</b> Takes {@link Builder#maxSize} bytes at the start, 16 MiB unless told otherwise,
 * and about 150 bytes for each sequence that may live. When the ring is full its oldest part goes:
 * then the journal can be looked at and not be repeated, because a policy may remember anything.
 * {@link #isWhole} says which.
 *
 * <p><b>Cost.</b> A step of 1,024 decodes takes about 600 bytes; docs/performance.md says how much
 * time. Nothing is allocated after the start. A lock is taken for each record, and waited for while
 * {@link #writeTo} copies what is kept.
 *
 * <p><b>Privacy.</b> {@link TokenForm#HASHED}, unless told otherwise, shows no token.
 *
 * <p>A recorder serves one scheduler, whose thread calls what {@link #inputs} and {@link
 * #decisions} give; the other methods may be called by any thread.
 */
public final class FlightRecorder {
  private final long maxSize;
  private final TokenForm form;
  private final long firstKey;
  private final long secondKey;
  private volatile @Nullable Tape tape;

  private FlightRecorder(Builder b) {
    maxSize = b.maxSize;
    form = b.form;
    SecureRandom random = new SecureRandom();
    firstKey = random.nextLong();
    secondKey = random.nextLong();
  }

  /** Starts to describe a recorder; everything has a default. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Takes the memory. An engine does this itself; whoever wires a scheduler does it first, and then
   * gives {@link #inputs} and {@link #decisions} to the scheduler's builder.
   *
   * @return this recorder
   * @throws IllegalStateException    when it has begun before
   * @throws IllegalArgumentException when {@code maxSize} cannot hold twice what one step may need
   */
  public synchronized FlightRecorder begin(JournalSetup setup) {
    if (tape != null) {
      throw new IllegalStateException("a flight recorder serves one scheduler, this one has begun");
    }
    TokenHashes hashes = new TokenHashes(
        setup.limits().maxNumHandles(), setup.spec().blockSize(), firstKey, secondKey);
    tape = new Tape(setup, form, hashes, maxSize);
    return this;
  }

  /** What the scheduler is to tell of what comes in. */
  public InputListener inputs() {
    return new InputRecorder(begun());
  }

  /** What the scheduler is to tell of what it decides; before any listener that may throw. */
  public SchedulerListener decisions() {
    return new DecisionRecorder(begun());
  }

  /**
   * A KV block is about to be pinned. The scheduler does not see that, so whoever calls {@code
   * KvCache.pin} tells the recorder as well: on the scheduler thread, between two calls.
   */
  public void onPin(int block) {
    pin(RecordKind.PIN, block);
  }

  /**
   * As {@link #onPin} for {@code KvCache.unpin}; also from within {@code onTransferFinished}, where
   * most pins end.
   */
  public void onUnpin(int block) {
    pin(RecordKind.UNPIN, block);
  }

  private void pin(RecordKind kind, int block) {
    Tape on = begun();
    synchronized (on) {
      on.record(kind).number(block);
    }
  }

  /** True while everything since the start is kept, so that the run can be repeated. */
  public boolean isWhole() {
    Tape on = begun();
    synchronized (on) {
      return on.isWhole();
    }
  }

  /** Bytes of records that are kept now. */
  public long size() {
    Tape on = begun();
    synchronized (on) {
      return on.size();
    }
  }

  /**
   * Writes what is kept now, or replaces the file. Takes as much memory again while it does.
   *
   * @throws IOException           as writing does; a part may be there then, which can be read
   * @throws IllegalStateException when there is no scheduler yet
   */
  public void writeTo(Path file) throws IOException {
    Tape on = begun();
    List<Segment> segments;
    synchronized (on) {
      segments = on.copy();
    }
    JournalFile.write(file, on.setup, form, segments);
  }

  private Tape begun() {
    Tape now = tape;
    if (now == null) {
      throw new IllegalStateException("the flight recorder has no scheduler yet");
    }
    return now;
  }

  /** Collects what a recorder is to be like. */
  public static final class Builder {
    private static final long MIN_SIZE = 1 << 12;
    private static final long MAX_SIZE = 1 << 30;
    private long maxSize = 16 << 20;
    private TokenForm form = TokenForm.HASHED;

    private Builder() {}

    /** Most bytes of records, 4 KiB to 1 GiB; default 16 MiB. */
    public Builder maxSize(long bytes) {
      if (bytes < MIN_SIZE || bytes > MAX_SIZE) {
        throw new IllegalArgumentException(
            "maxSize is " + bytes + ", must be " + MIN_SIZE + " to " + MAX_SIZE);
      }
      maxSize = bytes;
      return this;
    }

    /** Default: {@link TokenForm#HASHED}. */
    public Builder tokens(TokenForm value) {
      form = Objects.requireNonNull(value, "tokens");
      return this;
    }

    public FlightRecorder build() {
      return new FlightRecorder(this);
    }
  }
}
