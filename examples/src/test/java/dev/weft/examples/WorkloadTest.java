package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class WorkloadTest {
  private static final int STOP = 2;
  private static Prompts prompts;
  private static List<TimedRequest> requests;

  @BeforeAll
  static void read() throws IOException {
    ModelFolder model = ModelFolder.nearest();
    try (AustenTokenizer tokenizer = AustenTokenizer.load(model.target())) {
      prompts = Prompts.read(model, tokenizer);
    }
    requests = Workload.of(prompts, 64, Workload.Pace.OF_A_HOST, STOP);
  }

  @Test
  void twentyFourOfSixtyFourRequestsBeginWithTheSharedPrefix() {
    assertThat(requests).filteredOn(TimedRequest::hasSharedPrefix).hasSize(24)
        .allSatisfy(timed -> {
          for (int i = 0; i < 200; i++) {
            assertThat(timed.request().promptToken(i)).isEqualTo(prompts.sharedPrefix()[i]);
          }
        });
  }

  @Test
  void onlyTheFirstTokenOfAPromptBeginsAText() {
    for (TimedRequest timed : requests) {
      assertThat(timed.request().promptToken(0)).isEqualTo(1);
      for (int i = 1; i < timed.request().numPromptTokens(); i++) {
        assertThat(timed.request().promptToken(i)).isNotEqualTo(1);
      }
    }
  }

  @Test
  void everyRequestFitsTheModel() {
    assertThat(requests).allSatisfy(timed ->
        assertThat(timed.request().numPromptTokens() + timed.maxNewTokens()).isLessThan(1024));
  }

  @Test
  void outputLengthsTemperaturesAndSamplesAreMixed() {
    assertThat(requests.stream().map(TimedRequest::maxNewTokens).distinct())
        .contains(16, 160).hasSize(8);
    assertThat(requests).filteredOn(timed -> timed.request().sampling().isGreedy()).hasSize(32);
    assertThat(requests).filteredOn(timed -> !timed.request().sampling().isGreedy())
        .allSatisfy(timed ->
            assertThat(timed.request().sampling().temperature()).isEqualTo(0.8f));
    assertThat(requests).filteredOn(timed -> timed.numSamples() == 4).hasSize(6);
  }

  @Test
  void arrivalsAscendAndAreEqualInEveryRun() {
    List<Long> offsets = requests.stream().map(TimedRequest::offsetNanos).toList();

    assertThat(offsets).isSorted().doesNotHaveDuplicates();
    assertThat(Workload.of(prompts, 64, Workload.Pace.OF_A_HOST, STOP).stream()
        .map(TimedRequest::offsetNanos).toList()).isEqualTo(offsets);
  }

  @Test
  void fewerRequestsAreTheFirstOnes() {
    List<TimedRequest> few = Workload.of(prompts, 16, Workload.Pace.OF_A_HOST, STOP);

    assertThat(few.stream().map(timed -> timed.request().toString()).toList())
        .isEqualTo(requests.subList(0, 16).stream()
            .map(timed -> timed.request().toString()).toList());
  }
}
