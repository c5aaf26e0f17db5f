package dev.weft.examples.openai;

/** Ends the handling of a request with an error that its client is told. */
final class ApiException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient ApiError error;

  ApiException(ApiError error) {
    super(error.message());
    this.error = error;
  }

  ApiError error() {
    return error;
  }
}
