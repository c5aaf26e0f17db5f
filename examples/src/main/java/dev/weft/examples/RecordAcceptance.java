package dev.weft.examples;

import dev.weft.engine.Generation;
import dev.weft.engine.GenerationResult;
import dev.weft.engine.WeftEngine;
import dev.weft.gpuexecutor.HostExecutor;
import dev.weft.gpuexecutor.HostModel;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.simulator.speculation.RecordedAcceptance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Records how well the draft model and prompt lookup guess what the target model says, behind every
 * token of its answers to the held-out prompts: the files that the study of draft lengths replays.
 * Every second answer is sampled at a temperature of 0.8, the others are greedy; the draft model is
 * sampled with the same seed and positions, so that its noise is the target's.
 */
public final class RecordAcceptance {
  private static final int NUM_PROMPTS = 64;
  private static final int NUM_NEW_TOKENS = 192;
  private static final int NUM_DRAFTS = RecordedAcceptance.MAX_NUM_DRAFTS;
  private static final int LONGEST_SUFFIX = 4;
  private static final int SHORTEST_SUFFIX = 2;

  private final ModelFolder folder;
  private final List<int[]> prompts = new ArrayList<>();
  private final List<int[]> answers = new ArrayList<>();

  private RecordAcceptance(ModelFolder folder) {
    this.folder = folder;
  }

  /** @param arguments the folder to write to */
  public static void main(String... arguments) throws Exception {
    if (arguments.length != 1) {
      throw new IllegalArgumentException(
          arguments.length + " arguments, must be one: the folder to write to");
    }
    RecordAcceptance recorder = new RecordAcceptance(ModelFolder.nearest());
    recorder.answer();
    Path target = Path.of(arguments[0]);
    write(target.resolve("draft-model.txt"), "the draft model", recorder.withDraftModel());
    write(target.resolve("prompt-lookup.txt"), "prompt lookup (suffixes of "
        + LONGEST_SUFFIX + " to " + SHORTEST_SUFFIX + " tokens)", recorder.withLookup());
  }

  private void answer() throws Exception {
    try (AustenTokenizer tokenizer = AustenTokenizer.load(folder.target());
        WeftEngine engine = engine("target")) {
      Prompts texts = Prompts.read(folder, tokenizer);
      List<Generation> generations = new ArrayList<>();
      for (int i = 0; i < NUM_PROMPTS; i++) {
        prompts.add(texts.prompt(i));
        generations.add(submit(engine, prompts.get(i), i, NUM_NEW_TOKENS));
      }
      for (Generation generation : generations) {
        answers.add(generation.await().tokens(0));
      }
    }
  }

  private WeftEngine engine(String model) throws IOException {
    HostExecutor executor =
        HostExecutor.builder(HostModel.load(folder.root().resolve(model))).numBlocks(2049).build();
    return WeftEngine.builder(executor).build().start();
  }

  private static Generation submit(WeftEngine engine, int[] tokens, int prompt, int numTokens) {
    SamplingParameters sampling = prompt % 2 == 0
        ? SamplingParameters.greedy(numTokens)
        : SamplingParameters.sampled(numTokens, 0.8f, prompt);
    return engine.submit(
        Request.builder(engine.nextRequestId(), tokens).sampling(sampling).build()).generation();
  }

  private RecordedAcceptance withDraftModel() throws Exception {
    RecordedAcceptance recorded = new RecordedAcceptance();
    try (WeftEngine engine = engine("draft")) {
      for (int i = 0; i < NUM_PROMPTS; i++) {
        int[] text = text(i);
        List<Generation> generations = new ArrayList<>();
        for (int end = prompts.get(i).length + 1; end < text.length; end++) {
          generations.add(submit(engine, Arrays.copyOf(text, end), i, NUM_DRAFTS));
        }
        int[][] drafts = new int[generations.size()][];
        for (int j = 0; j < drafts.length; j++) {
          GenerationResult result = generations.get(j).await();
          drafts[j] = result.tokens(0);
        }
        recorded.add(compare(prompts.get(i).length, text, drafts));
      }
    }
    return recorded;
  }

  private RecordedAcceptance withLookup() {
    RecordedAcceptance recorded = new RecordedAcceptance();
    for (int i = 0; i < NUM_PROMPTS; i++) {
      int[] text = text(i);
      int numPromptTokens = prompts.get(i).length;
      int[][] drafts = new int[text.length - numPromptTokens - 1][];
      for (int j = 0; j < drafts.length; j++) {
        drafts[j] = lookup(text, numPromptTokens + 1 + j);
      }
      recorded.add(compare(numPromptTokens, text, drafts));
    }
    return recorded;
  }

  private int[] text(int prompt) {
    int[] answer = answers.get(prompt);
    int[] text = Arrays.copyOf(prompts.get(prompt), prompts.get(prompt).length + answer.length);
    System.arraycopy(answer, 0, text, text.length - answer.length, answer.length);
    return text;
  }

  /** What followed the most recent occurrence of the longest suffix. */
  private static int[] lookup(int[] text, int end) {
    for (int length = LONGEST_SUFFIX; length >= SHORTEST_SUFFIX; length--) {
      for (int from = end - length - 1; from >= 0; from--) {
        if (Arrays.equals(text, from, from + length, text, end - length, end)) {
          int first = from + length;
          return Arrays.copyOfRange(text, first, Math.min(end, first + NUM_DRAFTS));
        }
      }
    }
    return new int[0];
  }

  private static RecordedAcceptance.Request compare(
      int numPromptTokens, int[] text, int[][] drafts) {
    StringBuilder proposed = new StringBuilder();
    StringBuilder accepted = new StringBuilder();
    for (int i = 0; i < drafts.length; i++) {
      int position = numPromptTokens + 1 + i;
      int numAccepted = 0;
      while (numAccepted < drafts[i].length && position + numAccepted < text.length
          && drafts[i][numAccepted] == text[position + numAccepted]) {
        numAccepted++;
      }
      proposed.append(Integer.toHexString(Math.min(drafts[i].length, text.length - position)));
      accepted.append(Integer.toHexString(numAccepted));
    }
    return new RecordedAcceptance.Request(
        numPromptTokens, proposed.toString(), accepted.toString());
  }

  private static void write(Path file, String drafter, RecordedAcceptance recorded)
      throws IOException {
    StringBuilder text = new StringBuilder()
        .append("# Drafts of ").append(drafter)
        .append(" for answers of the target model, by tools/draft-lengths --record:\n")
        .append("# prompt tokens, then for each output position from the second on drafts")
        .append(" proposed and accepted\n");
    for (int i = 0; i < recorded.numRequests(); i++) {
      text.append(recorded.request(i)).append('\n');
    }
    Files.writeString(file, text);
  }
}
