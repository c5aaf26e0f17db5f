package dev.weft.engine;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.weft.schedulerapi.FinishReason;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** What readers see of a sample that the loop writes. */
public final class SampleBufferStress {
  private SampleBufferStress() {}

  /** Whoever sees a token counted reads it; whoever sees the end sees all tokens, and their count. */
  @JCStressTest
  @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "nothing yet")
  @Outcome(id = "0, 1, 7", expect = ACCEPTABLE, desc = "the first round")
  @Outcome(id = "0, 3, 9", expect = ACCEPTABLE, desc = "the second, without its end")
  @Outcome(id = "1, 2, 8", expect = ACCEPTABLE, desc = "the end, which keeps two")
  @Outcome(id = "0, 2, 8", expect = ACCEPTABLE, desc = "the end came between the two looks")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class Publication {
    private final SampleBuffer sample = new SampleBuffer(8, -1);

    @Actor public void loop() {
      sample.append(7);
      sample.publish();
      sample.append(8);
      sample.append(9);
      sample.end(FinishReason.STOP, 2);
      sample.publish();
    }

    @Actor public void reader(III_Result r) {
      r.r1 = sample.reason() == null ? 0 : 1;
      int numTokens = sample.numTokens();
      r.r2 = numTokens;
      r.r3 = numTokens == 0 ? 0 : sample.token(numTokens - 1);
    }
  }

  /** A page that the loop adds is there when a token on it is counted. */
  @JCStressTest
  @Outcome(id = "256, 255", expect = ACCEPTABLE, desc = "the first page")
  @Outcome(id = "257, 9", expect = ACCEPTABLE, desc = "the second page")
  @Outcome(expect = FORBIDDEN, desc = "a page that is not there")
  @State
  public static class SecondPage {
    private final SampleBuffer sample = new SampleBuffer(300, -1);

    public SecondPage() {
      for (int i = 0; i < 256; i++) {
        sample.append(i);
      }
      sample.publish();
    }

    @Actor public void loop() {
      sample.append(9);
      sample.publish();
    }

    @Actor public void reader(II_Result r) {
      r.r1 = sample.numTokens();
      r.r2 = sample.token(r.r1 - 1);
    }
  }
}
