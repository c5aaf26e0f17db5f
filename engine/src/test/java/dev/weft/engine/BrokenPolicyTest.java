package dev.weft.engine;

import static dev.weft.engine.EngineHarness.request;
import static dev.weft.engine.EngineHarness.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.SchedulingPolicy;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.StepBuilder;
import dev.weft.schedulerapi.StepFacts;
import dev.weft.schedulerapi.StepFeedback;
import dev.weft.testkit.FirstComePolicy;
import dev.weft.testkit.HashModelExecutor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Policies that throw what the scheduler does not survive, wherever it calls them: everything ends,
 * once, and the engine says why.
 */
final class BrokenPolicyTest {
  /** Where it throws. */
  private enum Place { ACCEPTS, ADD, PLAN, STEP, FINISH }

  private static Stream<Arguments> places() {
    return Stream.of(new LinkageError("a class is missing"), new IOException("unplugged"))
        .flatMap(thrown -> Stream.of(Place.values()).map(place -> Arguments.of(place, thrown)));
  }

  @ParameterizedTest @MethodSource("places")
  void everythingEndsOnceWhenTheHostDrives(Place place, Throwable thrown) {
    WeftEngine engine = engine(new Broken(place, thrown));
    List<Generation> generations = submitMany(engine);

    Throwable seen = null;
    while (seen == null && !engine.isIdle()) {
      seen = catchThrowable(engine::runOnce);
    }

    assertThat(seen).isSameAs(thrown);
    assertThat(engine.health()).isEqualTo(new Health(Health.State.FAILED, thrown.toString()));
    assertThat(engine.numLiveRequests()).isZero();
    List<String> ends = new ArrayList<>();
    generations.forEach(generation -> ends.add(generation.result().toString()));
    assertThat(engine.runOnce()).isFalse();
    engine.close();
    generations.forEach(generation -> assertThat(generation.result()).hasToString(ends.remove(0)));
    assertThat(generations).anyMatch(generation -> !generation.result().isComplete());
    assertThat(engine.intake().leftovers()).isEmpty();
  }

  @ParameterizedTest @MethodSource("places")
  void everythingEndsOnceOnTheOwnThread(Place place, Throwable thrown) {
    WeftEngine engine = engine(new Broken(place, thrown)).start();
    List<Generation> generations = new ArrayList<>();
    for (int id = 1; id <= 5; id++) {
      Submission submission = engine.submit(request(id, 5, 8).build());
      if (submission.isAccepted()) { // Else it has failed already.
        generations.add(submission.generation());
      }
    }

    generations.forEach(generation -> Patience.join(generation.completion()));
    Patience.until(() -> engine.health().state() == Health.State.FAILED);
    engine.close();

    assertThat(engine.intake().leftovers()).isEmpty();
  }

  @ParameterizedTest @MethodSource("places")
  void whatBreaksWhileItIsClosedHoldsNobodyUp(Place place, Throwable thrown) {
    Broken policy = new Broken(place, thrown);
    policy.isQuiet = true;
    WeftEngine engine = engine(policy);
    List<Generation> generations = submitMany(engine);
    engine.runOnce();
    policy.isQuiet = false;

    engine.close();

    generations.forEach(generation ->
        assertThat(generation.reason(0)).isEqualTo(FinishReason.SHUTDOWN));
    assertThat(engine.intake().leftovers()).isEmpty();
  }

  private static WeftEngine engine(SchedulingPolicy policy) {
    return WeftEngine.builder(HashModelExecutor.completingAtOnce(spec(2))).policy(policy).build();
  }

  private static List<Generation> submitMany(WeftEngine engine) {
    List<Generation> generations = new ArrayList<>();
    for (int id = 1; id <= 5; id++) {
      generations.add(engine.submit(request(id, 5, 8).build()).generation());
    }
    return generations;
  }

  /** Works but for one place. */
  private static final class Broken implements SchedulingPolicy {
    private final SchedulingPolicy works = new FirstComePolicy();
    private final Place place;
    private final Throwable thrown;
    private boolean isQuiet;

    private Broken(Place place, Throwable thrown) {
      this.place = place;
      this.thrown = thrown;
    }

    private void passes(Place now) {
      if (now == place && !isQuiet) {
        Sneaky.<Object, RuntimeException>raise(thrown);
      }
    }

    @Override public void plan(StepBuilder step) {
      works.plan(step);
      passes(Place.PLAN);
    }

    @Override public boolean accepts(SequenceView sequence, StepFacts facts) {
      passes(Place.ACCEPTS);
      return true;
    }

    @Override public void onAdd(SequenceView sequence) {
      passes(Place.ADD);
    }

    @Override public void onStep(StepFeedback feedback) {
      passes(Place.STEP);
    }

    @Override public void onFinish(SequenceView sequence, FinishReason reason) {
      passes(Place.FINISH);
    }
  }
}
