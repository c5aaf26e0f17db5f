package dev.weft.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.HandDraftBatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * On what the shipped target model wrote, prompt lookup accepts in each round what the reference
 * data say; those were made by a program in another language, which searches.
 */
class NgramReferenceTest {
  private static final Path REFERENCE = Path.of("../model/reference/reference.json");
  private static final Pattern PROMPT = Pattern.compile(
      "\"token_ids\":\\s*\\[([^]]*)].*?\"target\":\\s*\\{\\s*\"tokens\":\\s*\\[([^]]*)]"
          + ".*?\"ngram3_1_rounds\":\\s*\\[\\s*\\[(.*?)]\\s*]", Pattern.DOTALL);
  private static final int MAX_NUM_DRAFTS = 4;

  private final NgramDrafter drafter = NgramDrafter.builder().minNgramSize(1).maxNgramSize(3)
      .maxNumDraftTokens(MAX_NUM_DRAFTS).build();

  @Test void asManyAreAcceptedInEachRound() throws IOException {
    Matcher prompts = PROMPT.matcher(Files.readString(REFERENCE));
    int numPrompts = 0;
    int numRounds = 0;
    while (prompts.find()) {
      List<Integer> accepted = new ArrayList<>();
      for (String round : prompts.group(3).split("]\\s*,\\s*\\[", -1)) {
        accepted.add(ints(round)[1]);
      }
      assertThat(rounds(numPrompts++, ints(prompts.group(1)), ints(prompts.group(2))))
          .as("prompt %d", numPrompts).isEqualTo(accepted);
      numRounds += accepted.size();
    }
    assertThat(numPrompts).isEqualTo(22);
    assertThat(numRounds).isEqualTo(1030);
  }

  private List<Integer> rounds(int handle, int[] prompt, int[] output) {
    int[] tokens = Arrays.copyOf(prompt, prompt.length + output.length);
    System.arraycopy(output, 0, tokens, prompt.length, output.length);
    List<Integer> rounds = new ArrayList<>();
    int numKnown = prompt.length;
    while (numKnown < tokens.length) {
      int room = Math.min(MAX_NUM_DRAFTS, tokens.length - numKnown - 1);
      int[] drafts = new HandDraftBatch().with(handle, room, Arrays.copyOf(tokens, numKnown))
          .proposalsOf(drafter)[0];
      int numRight = 0;
      while (numRight < drafts.length && drafts[numRight] == tokens[numKnown + numRight]) {
        numRight++;
      }
      rounds.add(numRight);
      numKnown += numRight + 1;
    }
    return rounds;
  }

  private static int[] ints(String list) {
    return Arrays.stream(list.split(",", -1)).map(String::trim).mapToInt(Integer::parseInt)
        .toArray();
  }
}
