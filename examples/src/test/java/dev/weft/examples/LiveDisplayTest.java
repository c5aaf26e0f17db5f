package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.schedulerapi.FinishReason;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is shown while requests are served. */
class LiveDisplayTest {
  private AustenTokenizer tokenizer;
  private ServedOutputs served;
  private LiveStreams streams;

  @BeforeEach
  void begin() throws IOException {
    tokenizer = AustenTokenizer.load(ModelFolder.nearest().target());
    List<TimedRequest> requests = IntStream.range(0, 5)
        .mapToObj(id -> new TimedRequest(
            Request.builder(id, 1).sampling(SamplingParameters.greedy(64)).build(), 0, false))
        .toList();
    served = new ServedOutputs(requests, 0);
    streams = new LiveStreams(requests, served, tokenizer);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void aLaneShowsTheEndOfItsRequestOnOneLine() {
    write(0, "It is a truth\n\nuniversally acknowledged, that a single man");
    streams.refill();

    assertThat(streams.tail(0, 40)).isEqualTo("#0  ...y acknowledged, that a single man")
        .hasSizeLessThanOrEqualTo(40);
    assertThat(streams.tail(0, 78)).contains("truth universally");
    assertThat(streams.tail(1, 40)).isEmpty();
  }

  @Test
  void theNextRequestTakesTheLaneOfOneThatEnded() {
    for (int id = 0; id < 4; id++) {
      write(id, "text");
    }
    streams.refill();
    served.onFinish(1, 0, FinishReason.LENGTH, 1, 0);
    streams.refill();

    assertThat(streams.tail(0, 40)).startsWith("#0");
    assertThat(streams.tail(1, 40)).startsWith("#3");
    assertThat(streams.tail(2, 40)).startsWith("#2");
  }

  @Test
  void aCharacterIsShownWhenItsLastByteHasCome() {
    int[] tokens = tokenizer.encode("a\u00A3");
    served.onToken(0, 0, 0, tokens[1], 0);
    served.onToken(0, 0, 1, tokens[2], 0);
    streams.refill();
    String before = streams.tail(0, 40);
    served.onToken(0, 0, 2, tokens[3], 0);

    assertThat(before).isEqualTo("#0  a");
    assertThat(streams.tail(0, 40)).isEqualTo("#0  a\u00A3");
  }

  @Test
  void aTerminalIsDrawnOverAndClearedInTheEnd() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    write(0, "text");
    TerminalDisplay display = new TerminalDisplay(
        new PrintStream(bytes, true, StandardCharsets.UTF_8), streams);

    display.showServing(new Progress(1_500_000_000, 2, 4, 1, 1, 7));
    String frame = bytes.toString(StandardCharsets.UTF_8);
    display.end();
    String rest = bytes.toString(StandardCharsets.UTF_8).substring(frame.length());

    assertThat(frame).contains("[============            ] 2 of 4", "1.5 s", "#0  text");
    assertThat(frame.split("\n", -1)).as("lines").hasSize(5);
    assertThat(rest.split("\u001B\\[1A", -1)).as("lines up").hasSize(5);
    assertThat(rest).doesNotContain("\n");
  }

  private void write(int requestId, String text) {
    int[] tokens = tokenizer.encode(text);
    for (int i = 1; i < tokens.length; i++) {
      served.onToken(requestId, 0, i - 1, tokens[i], 0);
    }
  }
}
