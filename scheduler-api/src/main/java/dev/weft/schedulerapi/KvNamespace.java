package dev.weft.schedulerapi;

import java.util.Objects;

/**
 * What two sequences must have in common, beside their tokens, to share cached blocks.
 *
 * @param salt      chosen by the server for each tenant or trust domain
 * @param adapterId adapter number, 0 for none
 * @param extraKey  anything else that changes KV entries, such as the images of a prompt
 */
public record KvNamespace(String salt, int adapterId, String extraKey) {
  /** No salt, no adapter, nothing else. */
  public static final KvNamespace PLAIN = new KvNamespace("", 0, "");

  /** Checks that nothing is null. */
  public KvNamespace {
    Objects.requireNonNull(salt, "salt");
    Objects.requireNonNull(extraKey, "extraKey");
  }
}
