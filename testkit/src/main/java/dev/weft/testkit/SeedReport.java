package dev.weft.testkit;

import java.util.stream.LongStream;

/**
 * Makes a failed seed easy to repeat: the failure's message is the command.
 *
 * @param module where the test is
 * @param policy which policy ran
 */
public record SeedReport(String module, String policy) {
  /** System property that names the one seed to run. */
  public static final String SEED_PROPERTY = "weft.seed";
  /** System property that names the one policy to run. */
  public static final String POLICY_PROPERTY = "weft.policy";

  /** The seeds to run: so many, or the one asked for; none when another policy is asked for. */
  public long[] seeds(long firstSeed, int numSeeds) {
    String askedPolicy = System.getProperty(POLICY_PROPERTY, policy);
    if (!askedPolicy.equals(policy)) {
      return new long[0];
    }
    Long asked = Long.getLong(SEED_PROPERTY);
    return asked != null
        ? new long[] {asked}
        : LongStream.range(firstSeed, firstSeed + numSeeds).toArray();
  }

  /** Runs something that depends on the seed alone. */
  public void run(long seed, Runnable scenario) {
    try {
      scenario.run();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(message(seed, e), e);
    }
  }

  private String message(long seed, Throwable failure) {
    return "policy=" + policy + " seed=" + seed + "  reproduce: mvn -pl " + module
        + " -am test -D" + SEED_PROPERTY + "=" + seed + " -D" + POLICY_PROPERTY + "=" + policy
        + "  " + failure;
  }
}
