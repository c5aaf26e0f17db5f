package dev.weft.schedulerapi;

/**
 * What a host knows about a request and a policy may use. The core reads none of it.
 *
 * @param expectedNewTokens       predicted number of generated tokens; 0 when unknown
 * @param firstTokenTargetNanos   wanted time from arrival to the first token (TTFT); 0 for none
 * @param interTokenTargetNanos   wanted time between tokens; 0 for none
 * @param sessionId               requests of one conversation share it; 0 for none
 * @param hostData                anything the host's own policy wants to see; not copied, must not
 *                                change
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record RequestHints(
    int expectedNewTokens,
    long firstTokenTargetNanos,
    long interTokenTargetNanos,
    long sessionId,
    long[] hostData) {
  /** Nothing is known. */
  public static final RequestHints NONE = new RequestHints(0, 0, 0, 0, new long[0]);

  /** Checks that counts and times are not negative. */
  public RequestHints {
    Check.inRange("expectedNewTokens", expectedNewTokens, 0, Integer.MAX_VALUE);
    Check.inRange("firstTokenTargetNanos", firstTokenTargetNanos, 0, Long.MAX_VALUE);
    Check.inRange("interTokenTargetNanos", interTokenTargetNanos, 0, Long.MAX_VALUE);
    java.util.Objects.requireNonNull(hostData, "hostData");
  }
}
