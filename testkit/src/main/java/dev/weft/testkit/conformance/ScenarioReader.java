package dev.weft.testkit.conformance;

import dev.weft.schedulerapi.PauseMode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads a {@link Scenario} from its JSON; what the schema leaves open may be absent or null. */
final class ScenarioReader {
  private static final int MAX = Integer.MAX_VALUE;

  private ScenarioReader() {}

  static Scenario read(JsonField json) {
    int vocabularySize = json.at("vocab").whole(1, (1 << 24) - 1);
    ScenarioConfig config = config(json.at("config"));
    List<String> tags = json.at("tags").elements().stream().map(JsonField::text).toList();
    JsonField note = json.at("note");
    return new Scenario(json.at("name").text(), note.isPresent() ? note.text() : "", tags,
        vocabularySize, config, json.at("max_steps").whole(0, MAX),
        requests(json.at("requests").elements(), vocabularySize),
        json.at("events").elements().stream().map(ScenarioReader::event).toList());
  }

  private static ScenarioConfig config(JsonField json) {
    JsonField policy = json.at("policy");
    boolean usesPriorities = policy.isPresent() && policy.text().equals("priority");
    if (policy.isPresent() && !usesPriorities && !policy.text().equals("fcfs")) {
      throw policy.wrong("fcfs or priority");
    }
    JsonField watermark = json.at("watermark");
    double share = watermark.isPresent() ? watermark.number().doubleValue() : 0;
    if (!(share >= 0 && share <= 1)) {
      throw watermark.wrong("a number from 0 to 1");
    }
    return new ScenarioConfig(
        json.at("block_size").whole(1, 1 << 12),
        json.at("num_blocks").whole(2, 1 << 20),
        json.at("max_num_seqs").whole(1, MAX),
        json.at("max_num_batched_tokens").whole(1, 1 << 24),
        json.at("max_model_len").whole(2, 1 << 24),
        json.at("enable_prefix_caching").flag(true),
        usesPriorities,
        json.at("long_prefill_token_threshold").wholeOr(0, 0, MAX),
        json.at("enable_chunked_prefill").flag(true),
        json.at("reserve_full_prompt").flag(true),
        share,
        json.at("max_loras").wholeOr(0, 0, 1 << 16),
        json.at("spec").isPresent() ? speculation(json.at("spec")) : Speculation.NONE);
  }

  private static Speculation speculation(JsonField json) {
    return new Speculation(json.at("num_spec_tokens").wholeOr(0, 0, 1 << 10),
        json.at("lookahead_tokens").wholeOr(0, 0, 1 << 24),
        json.at("extra_input_slots").wholeOr(0, 0, 1 << 24),
        json.at("drop_last_hit_block").flag(false));
  }

  private static ScenarioEvent event(JsonField json) {
    int step = json.at("step").whole(0, MAX);
    String type = json.at("type").text();
    if (type.equals("reset_prefix_cache")) {
      return new ScenarioEvent(step, null, json.at("preempt_running").flag(false));
    }
    if (!type.equals("pause")) {
      throw json.at("type").wrong("reset_prefix_cache or pause");
    }
    for (PauseMode mode : PauseMode.values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(json.at("mode").text())) {
        return new ScenarioEvent(step, mode, false);
      }
    }
    throw json.at("mode").wrong("new, all or none");
  }

  // ---- requests

  private static List<ScenarioRequest> requests(List<JsonField> all, int vocabularySize) {
    PromptReader prompts = new PromptReader(vocabularySize, all);
    Map<String, Long> idRanks = prompts.ranks();
    TreeMap<BigDecimal, Long> arrivalRanks = new TreeMap<>();
    for (int i = 0; i < all.size(); i++) {
      arrivalRanks.put(arrivalTime(all.get(i), i), 0L);
    }
    long rank = 0;
    for (Map.Entry<BigDecimal, Long> entry : arrivalRanks.entrySet()) {
      entry.setValue(rank++);
    }
    List<ScenarioRequest> requests = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      JsonField json = all.get(i);
      String id = json.at("id").text();
      requests.add(request(json, i, prompts.prompt(id),
          arrivalRanks.getOrDefault(arrivalTime(json, i), 0L), idRanks.getOrDefault(id, 0L)));
    }
    return List.copyOf(requests);
  }

  private static BigDecimal arrivalTime(JsonField request, int index) {
    JsonField time = request.at("arrival_time");
    return time.isPresent() ? time.number() : BigDecimal.valueOf(index);
  }

  private static ScenarioRequest request(
      JsonField json, int index, int[] prompt, long arrivalRank, long idRank) {
    JsonField salt = json.at("cache_salt");
    JsonField phase = json.at("abort_phase");
    boolean abortsDuring = phase.isPresent() && phase.text().equals("during");
    if (phase.isPresent() && !abortsDuring && !phase.text().equals("before")) {
      throw phase.wrong("before or during");
    }
    return new ScenarioRequest(json.at("id").text(), index, json.at("seed").whole(),
        json.at("arrival_step").wholeOr(0, 0, MAX), arrivalRank, idRank,
        json.at("priority").wholeOr(0, Integer.MIN_VALUE, MAX), prompt,
        json.at("max_tokens").whole(0, MAX), json.at("min_tokens").wholeOr(0, 0, MAX),
        json.at("eos_at").wholeOr(0, 0, MAX), json.at("abort_at_step").wholeOr(-1, -1, MAX),
        abortsDuring, salt.isPresent() ? salt.text() : null,
        json.at("lora").wholeOr(0, 0, MAX), json.at("skip_cache_read").flag(false),
        drafts(json.at("drafts")));
  }

  private static @Nullable DraftScript drafts(JsonField json) {
    if (!json.isPresent()) {
      return null;
    }
    JsonField proposed = json.at("propose");
    return new DraftScript(proposed.isPresent() ? counts(proposed) : null,
        counts(json.at("accept")));
  }

  private static List<Integer> counts(JsonField json) {
    return json.elements().stream().map(count -> count.whole(0, MAX)).toList();
  }
}
