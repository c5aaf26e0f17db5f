package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.gpuexecutor.DraftTrials.Setting;
import dev.weft.gpuexecutor.DraftTrials.Verifier;
import dev.weft.gpuexecutor.NaiveVerifier.Bug;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Verification does not change the distribution of the output, whatever was drafted: chi-square
 * tests of pairs of tokens, over drafters good and bad, chains and trees, and all parameters.
 *
 * <p>A right verifier fails this class with a probability of {@link #FALSE_ALARM} over the choice
 * of the seeds: each test gets its share (Bonferroni). The seeds are fixed, so it fails always or
 * never. That the tests can fail is shown with verifiers that are wrong on purpose.
 */
class OutputDistributionTest {
  /** Over all settings together. */
  private static final double FALSE_ALARM = 1e-6;

  private static final int NUM_TRIALS = 4000;
  private static final int NUM_TOKENS = 10;

  private static final int[][] SHAPES = {
    {-1}, {-1, 0, 1}, {-1, -1, -1}, {-1, -1, 0, 0, 1},
  };

  private static final long[][] MASKS = {{0b01_1010_1101}, {0b10_0101_1110}};

  private final float[][] logits = logits();

  private static float[][] logits() {
    Random random = new Random(5);
    float[][] logits = new float[NUM_TOKENS][NUM_TOKENS];
    for (float[] row : logits) {
      for (int token = 0; token < NUM_TOKENS; token++) {
        row[token] = (float) (1.5 * random.nextGaussian());
      }
    }
    return logits;
  }

  // ---- settings

  private static Map<String, UnaryOperator<SamplingParameters.Builder>> parameters() {
    return new TreeMap<>(Map.of(
        "plain", b -> b.temperature(1),
        "cold", b -> b.temperature(0.6f),
        "top-k", b -> b.temperature(1.2f).topK(4),
        "top-p", b -> b.temperature(1).topP(0.8f),
        "min-p", b -> b.temperature(1).minP(0.15f),
        "penalties", b -> b.temperature(1).repetitionPenalty(1.6f).presencePenalty(0.5f)
            .frequencyPenalty(0.7f),
        "bias", b -> b.temperature(1).logitBias(Map.of(3, 2f, 5, -3f)),
        "masks", b -> b.temperature(1),
        "stops", b -> b.temperature(1).stopTokenIds(4, 7).minNewTokens(9),
        "all with masks", b -> b.temperature(0.9f).topK(7).topP(0.9f).minP(0.02f)
            .repetitionPenalty(1.2f).logitBias(Map.of(3, 1f))));
  }

  /** All drafters and shapes, with those parameters whose names contain one of these. */
  private List<Setting> settings(Verification verification, String... names) {
    List<Setting> settings = new ArrayList<>();
    parameters().forEach((name, change) -> {
      if (Arrays.stream(names).anyMatch(name::contains)) {
        SamplingParameters parameters =
            change.apply(SamplingParameters.builder().maxNewTokens(20))
                .verification(verification).build();
        for (DraftSource source : DraftSource.values()) {
          for (int[] shape : SHAPES) {
            settings.add(setting(name, parameters, source, shape));
          }
        }
      }
    });
    return settings;
  }

  private Setting setting(
      String name, SamplingParameters parameters, DraftSource source, int[] shape) {
    int[] context = DraftTrials.CONTEXT;
    long @Nullable [][] masks = name.contains("masks") ? MASKS : null;
    return new Setting(name, logits, parameters, masks,
        before -> source.distribution(new NaiveSampler().distribution(
            logits[before], parameters, context, DraftTrials.NUM_PROMPT,
            masks == null ? null : masks[before == context[context.length - 1] ? 0 : 1])),
        source, shape);
  }

  private static Verifier host() {
    return new RowSampler(DraftTrials.spec(NUM_TOKENS))::sample;
  }

  private static List<String> unlikely(List<Setting> settings, Verifier verifier, double share) {
    return settings.stream().map(setting -> {
      double p = new DraftTrials(setting).pValue(verifier, NUM_TRIALS);
      return p < share ? setting + " p = " + p : "";
    }).filter(line -> !line.isEmpty()).toList();
  }

  // ---- tests

  @Test
  void rejectionDoesNotChangeTheOutput() {
    List<Setting> settings = settings(Verification.REJECTION, "");

    assertThat(unlikely(settings, host(), FALSE_ALARM / 3 / settings.size())).isEmpty();
  }

  @Test
  void couplingDoesNotChangeTheOutput() {
    List<Setting> settings = settings(Verification.COUPLED, "plain", "all");

    assertThat(unlikely(settings, host(), FALSE_ALARM / 3 / settings.size())).isEmpty();
  }

  @Test
  void typicalAcceptanceIsLossy() {
    List<Setting> settings = settings(Verification.TYPICAL, "plain");

    assertThat(unlikely(settings, host(), FALSE_ALARM / settings.size()))
        .hasSizeGreaterThan(settings.size() / 2);
  }

  @ParameterizedTest
  @EnumSource(Bug.class)
  void aWrongVerifierIsFound(Bug bug) {
    List<Setting> settings = settings(Verification.REJECTION, "top-p");
    List<String> found =
        unlikely(settings, new NaiveVerifier(bug), FALSE_ALARM / 3 / settings.size());

    if (bug == Bug.NONE) {
      assertThat(found).isEmpty();
    } else {
      assertThat(found).isNotEmpty();
    }
  }

  @Test
  void theTestKnowsTheChiSquareDistribution() {
    // From tables: 5 % and 0.1 % points.
    assertThat(GoodnessOfFit.upperGamma(0.5, 3.841459 / 2)).isBetween(0.04999, 0.05001);
    assertThat(GoodnessOfFit.upperGamma(5, 18.307038 / 2)).isBetween(0.04999, 0.05001);
    assertThat(GoodnessOfFit.upperGamma(50, 149.449253 / 2)).isBetween(0.000999, 0.001001);
    long[] counts = {500, 500};
    assertThat(GoodnessOfFit.pValue(counts, new double[] {0.5, 0.5})).isEqualTo(1);
    assertThat(GoodnessOfFit.pValue(counts, new double[] {0.6, 0.4})).isLessThan(1e-9);
    assertThat(GoodnessOfFit.pValue(counts, new double[] {1, 0})).isZero();
  }
}
