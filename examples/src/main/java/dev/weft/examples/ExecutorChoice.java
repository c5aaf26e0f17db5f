package dev.weft.examples;

import java.util.Locale;

/** Where {@link ServeAusten} is to compute. */
enum ExecutorChoice {
  /** On a GPU when this process can use one, else on the host. */
  AUTO,
  /** On a GPU, or not at all. */
  CUDA,
  /** On the host. */
  HOST;

  /** @throws IllegalArgumentException when there is none of that name */
  static ExecutorChoice of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }
}
