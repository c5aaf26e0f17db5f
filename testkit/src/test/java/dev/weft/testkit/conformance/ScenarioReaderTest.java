package dev.weft.testkit.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.schedulerapi.PauseMode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a scenario says, also where it says it in an unusual way, and what is wrong with others. */
final class ScenarioReaderTest {
  private static final String CONFIG = "\"config\": {\"block_size\": 4, \"num_blocks\": 9, "
      + "\"max_num_seqs\": 2, \"max_num_batched_tokens\": 8, \"max_model_len\": 16}";

  private static Scenario read(String requests, String rest) {
    return ScenarioCase.read("here", "{\"scenario\": {\"name\": \"s\", \"vocab\": 100, "
        + "\"max_steps\": 9, " + CONFIG + ", \"requests\": [" + requests + "]" + rest + "}}")
        .scenario();
  }

  private static String request(String id, String prompt, String rest) {
    return "{\"id\": \"" + id + "\", \"seed\": 3, \"max_tokens\": 5, \"prompt\": [" + prompt + "]"
        + rest + "}";
  }

  private static int[] prompt(String segments) {
    return read(request("a", segments, ", \"eos_at\": 2") + ","
        + request("b", "{\"tokens\": [7, 8, 9]}", ", \"eos_at\": 2"), "")
        .requests().get(0).prompt();
  }

  @Test void segmentsAreExpandedAndConcatenated() {
    assertThat(prompt("{\"seed\": 2, \"len\": 3}")).containsExactly(62, 69, 76);
    assertThat(prompt("{\"seed\": 2, \"len\": 2, \"offset\": 5}")).containsExactly(97, 4);
    assertThat(prompt("{\"tokens\": [5]}, {\"seed\": 0, \"len\": 2}")).containsExactly(5, 0, 7);
    assertThat(prompt("{\"seed\": -1, \"len\": 2}")).containsExactly(69, 76);
  }

  @Test void segmentsOfOthersAreExpandedFirst() {
    assertThat(prompt("{\"prompt_of\": \"b\"}")).containsExactly(7, 8, 9);
    assertThat(prompt("{\"prompt_of\": \"b\", \"len\": 2}")).containsExactly(7, 8);
    assertThat(prompt("{\"prompt_of\": \"b\", \"len\": 9}")).containsExactly(7, 8, 9);
    assertThat(prompt("{\"output_of\": \"b\", \"len\": 3}")).containsExactly(14, 100, 28);
    assertThat(prompt("{\"output_of\": \"b\"}")).hasSize(5);
  }

  @Test void whatIsAbsentHasItsDefault() {
    Scenario scenario = read(request("a", "{\"tokens\": [1]}", ""), "");

    assertThat(scenario.note()).isEmpty();
    assertThat(scenario.events()).isEmpty();
    assertThat(scenario.config()).isEqualTo(new ScenarioConfig(4, 9, 2, 8, 16, true, false, 0, true,
        true, 0, 0, Speculation.NONE));
    assertThat(scenario.requests().get(0)).usingRecursiveComparison().isEqualTo(
        new ScenarioRequest("a", 0, 3, 0, 0, 0, 0, new int[] {1}, 5, 0, 0, -1, false, null, 0,
            false, null));
  }

  @Test void nullIsAbsent() {
    Scenario scenario = read(request("a", "{\"tokens\": [1]}", ", \"eos_at\": null, \"drafts\": "
        + "null, \"cache_salt\": null, \"abort_at_step\": null, \"arrival_time\": null"),
        ", \"events\": null, \"note\": null");

    assertThat(scenario.requests().get(0).drafts()).isNull();
    assertThat(scenario.requests().get(0).abortStep()).isEqualTo(-1);
    assertThat(scenario.lastNamedStep()).isZero();
  }

  @Test void arrivalTimesAndIdsAreRanked() {
    String prompt = "{\"tokens\": [1]}";
    Scenario scenario = read(String.join(",", request("r2", prompt, ""),
        request("r10", prompt, ", \"arrival_time\": 0.5"),
        request("R", prompt, ", \"arrival_time\": -3"),
        request("r1", prompt, ", \"arrival_time\": 0.50")), "");

    assertThat(scenario.requests()).extracting(ScenarioRequest::arrivalRank)
        .containsExactly(1L, 2L, 0L, 2L);
    assertThat(scenario.requests()).extracting(ScenarioRequest::idRank)
        .containsExactly(3L, 2L, 0L, 1L);
  }

  @Test void eventsAreRead() {
    Scenario scenario = read("", ", \"events\": [{\"step\": 4, \"type\": \"pause\", \"mode\": "
        + "\"new\"}, {\"step\": 6, \"type\": \"reset_prefix_cache\", \"preempt_running\": true}]");

    assertThat(scenario.events()).isEqualTo(List.of(new ScenarioEvent(4, PauseMode.NEW, false),
        new ScenarioEvent(6, null, true)));
    assertThat(scenario.lastNamedStep()).isEqualTo(6);
  }

  @Test void whatIsWrongIsNamed() {
    String prompt = "{\"tokens\": [1]}";
    assertWrong(request("a", "", ""), "", "requests[0].prompt is [], must be one token or more");
    assertWrong(request("a", "{}", ""), "",
        "requests[0].prompt[0] is {}, must be an object with seed, tokens, prompt_of or output_of");
    assertWrong(request("a", "{\"prompt_of\": \"c\"}", ""), "",
        "requests[0].prompt[0].prompt_of is \"c\", must be the id of a request");
    assertWrong(request("a", prompt, "") + "," + request("a", prompt, ""), "",
        "requests[1].id is \"a\", must be an id that no other request has");
    assertWrong(request("a", prompt, ", \"abort_phase\": \"after\""), "",
        "requests[0].abort_phase is \"after\", must be before or during");
    assertWrong(request("a", prompt, ", \"skip_cache_read\": 1"), "",
        "requests[0].skip_cache_read is 1, must be true or false");
    assertWrong("", ", \"events\": [{\"step\": 1, \"type\": \"nap\"}]",
        "events[0].type is \"nap\", must be reset_prefix_cache or pause");
    assertWrong("", ", \"events\": [{\"step\": 1, \"type\": \"pause\", \"mode\": \"x\"}]",
        "events[0].mode is \"x\", must be new, all or none");
    assertWrong("7", "", "requests[0] is 7, must be an object");
  }

  private static void assertWrong(String requests, String rest, String message) {
    assertThatThrownBy(() -> read(requests, rest)).isInstanceOf(ScenarioFormatException.class)
        .hasMessage("here: scenario." + message);
  }
}
