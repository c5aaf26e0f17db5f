package dev.weft.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** Where submitters, those who have wishes, and the loop meet. */
public final class IntakeStress {
  private IntakeStress() {}

  private static int indexOf(Submission submission) {
    return submission.status().ordinal();
  }

  /** Whoever closes knows of every request that was accepted, and finds it in the queue. */
  @JCStressTest
  @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "ACCEPTED before the close")
  @Outcome(id = "2, 0, 0", expect = ACCEPTABLE, desc = "CLOSED")
  @Outcome(expect = FORBIDDEN, desc = "a request that nobody would end")
  @State
  public static class SubmitAndClose {
    private final Intake intake = Parts.intake();

    @Actor public void submitter(III_Result r) {
      r.r1 = indexOf(intake.submit(Parts.request(1)));
    }

    @Actor public void closer(III_Result r) {
      intake.close("closed");
      r.r2 = intake.numLive();
    }

    @Arbiter public void after(III_Result r) {
      r.r3 = intake.takeSubmitted() == null ? 0 : 1;
    }
  }

  /** The last place is given away once. */
  @JCStressTest
  @Outcome(id = {"0, 1, 1", "1, 0, 1"}, expect = ACCEPTABLE, desc = "one ACCEPTED, one FULL")
  @Outcome(expect = FORBIDDEN, desc = "both, or none")
  @State
  public static class LastPlace {
    private final Intake intake = Parts.intake();

    @Actor public void one(III_Result r) {
      r.r1 = indexOf(intake.submit(Parts.request(1)));
    }

    @Actor public void other(III_Result r) {
      r.r2 = indexOf(intake.submit(Parts.request(2)));
    }

    @Arbiter public void after(III_Result r) {
      r.r3 = intake.numLive();
    }
  }

  /** An id is free for one when its request leaves; a refused one leaves no trace. */
  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "ACCEPTED after the other left")
  @Outcome(id = "3, 0", expect = ACCEPTABLE, desc = "a duplicate, INVALID")
  @Outcome(expect = FORBIDDEN, desc = "a count that does not fit")
  @State
  public static class IdAgain {
    private final Intake intake = Parts.intake();
    private final Generation first;

    public IdAgain() {
      first = intake.submit(Parts.request(1)).generation();
      intake.leaveQueue(intake.takeSubmitted(), 0);
    }

    @Actor public void loop() {
      intake.leave(first);
    }

    @Actor public void submitter(II_Result r) {
      r.r1 = indexOf(intake.submit(Parts.request(1)));
    }

    @Arbiter public void after(II_Result r) {
      r.r2 = intake.numLive();
    }
  }

  /** A wish that comes while the loop clears the mark of an earlier one is seen then or later. */
  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "seen with the earlier one")
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "seen later")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "seen twice")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost")
  @State
  public static class WishAndClear {
    private final Intake intake = Parts.intake();
    private final Generation generation = new Generation(Parts.request(1), intake, 64, 0);

    public WishAndClear() {
      intake.signal(generation);
    }

    @Actor public void consumer() {
      generation.cancel();
    }

    @Actor public void loop(II_Result r) {
      r.r1 = take();
    }

    @Arbiter public void after(II_Result r) {
      r.r2 = take();
    }

    private int take() {
      Generation taken = intake.takeSignalled();
      if (taken == null) {
        return 0;
      }
      taken.nextSignalled = null;
      taken.clearSignalled();
      return taken.isCancelled() ? 1 : 0;
    }
  }

  /** A call is taken, or its caller sees that nobody takes it. */
  @JCStressTest
  @Outcome(id = {"0, 1", "1, 0", "1, 1"}, expect = ACCEPTABLE, desc = "answered")
  @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "never answered")
  @State
  public static class CallAndEnd {
    private final Intake intake = Parts.intake();

    @Actor public void caller(II_Result r) {
      intake.offerCall(new ControlCall<>(scheduler -> 0, Parts.ON_THE_CALLER));
      r.r1 = intake.isOver() ? 1 : 0;
    }

    @Actor public void loop(II_Result r) {
      intake.end();
      r.r2 = intake.takeCall() == null ? 0 : 1;
    }
  }
}
