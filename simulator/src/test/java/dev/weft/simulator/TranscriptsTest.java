package dev.weft.simulator;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.StepResult;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Log-probabilities that are not those of the token just heard are seen. */
final class TranscriptsTest {
  private final Transcripts transcripts = new Transcripts();
  private final StepResult result = new StepResult(2, 0, 1);

  @BeforeEach void hear() {
    transcripts.onAdd(Request.builder(1, 5, 6).build(), 0, 0);
    transcripts.onToken(1, 0, 0, 8, 0);
    result.reset(1, 2);
    result.addToken(0, 8);
    result.setLogprob(0, -1);
    result.addToken(1, 9);
    result.setLogprob(1, -1);
  }

  @Test void logprobsOfTheTokenPass() {
    assertThatCode(() -> transcripts.onLogprobs(1, 0, 0, result, 0, 0)).doesNotThrowAnyException();
  }

  @Test void logprobsOfAnotherTokenAreSeen() {
    assertThatThrownBy(() -> transcripts.onLogprobs(1, 0, 0, result, 1, 0))
        .hasMessage("I51: request 1 sample 0 hears log-probabilities of row 1 after token 8");
  }
}
