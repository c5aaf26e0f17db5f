package dev.weft.engine;

/** Throws checked exceptions undeclared, as code of other languages does. */
final class Sneaky {
  private Sneaky() {}

  @SuppressWarnings({"unchecked", "DoNotCallSuggester", "TypeParameterUnusedInFormals"})
  static <T, X extends Throwable> T raise(Throwable thrown) throws X {
    throw (X) thrown;
  }
}
