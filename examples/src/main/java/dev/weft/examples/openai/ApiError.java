package dev.weft.examples.openai;

import dev.weft.engine.Submission;
import dev.weft.schedulerapi.FinishReason;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told instead of an answer, in the terms of the API.
 *
 * @param status            of HTTP
 * @param type              what kind of error, for programs
 * @param code              which error, for programs; null where the type says all
 * @param param             which field of the request is wrong; null for none
 * @param message           for people
 * @param retryAfterSeconds when to try again; 0 for no hint
 */
record ApiError(int status, String type, @Nullable String code, @Nullable String param,
    String message, long retryAfterSeconds) {
  private static final String INVALID = "invalid_request_error";
  private static final String SERVER = "server_error";

  /** A request that cannot be served as it is. */
  static ApiError badRequest(@Nullable String param, String message) {
    return new ApiError(400, INVALID, null, param, message, 0);
  }

  /** A prompt that leaves no room for what is asked for. */
  static ApiError contextTooLong(String message) {
    return new ApiError(400, INVALID, "context_length_exceeded", "prompt", message, 0);
  }

  static ApiError unknownModel(String name) {
    return new ApiError(404, INVALID, "model_not_found", "model",
        "the model \"" + name + "\" does not exist; GET /v1/models lists those that do", 0);
  }

  static ApiError unknownPath(String method, String path) {
    return new ApiError(
        404, INVALID, "unknown_url", null, "there is nothing at " + method + " " + path, 0);
  }

  static ApiError wrongMethod(String method, String path, String allowed) {
    return new ApiError(405, INVALID, "method_not_supported", null,
        path + " is asked with " + allowed + ", not with " + method, 0);
  }

  static ApiError bodyTooLarge(int maxNumBytes) {
    return new ApiError(413, INVALID, "request_too_large", null,
        "the body of the request has more than " + maxNumBytes + " bytes", 0);
  }

  static ApiError notJson(@Nullable String contentType) {
    return new ApiError(415, INVALID, "unsupported_media_type", null,
        "Content-Type is " + contentType + ", must be application/json", 0);
  }

  /** A defect of the server, of which the client learns no more than that. */
  static ApiError internal() {
    return new ApiError(500, SERVER, "internal_error", null, "the server failed", 0);
  }

  /** The server is about to go. */
  static ApiError unavailable(String message) {
    return new ApiError(503, SERVER, "service_unavailable", null, message, 0);
  }

  /** Why the engine did not take a request. */
  static ApiError of(Submission refused) {
    String message = refused.message();
    return switch (refused.status()) {
      case FULL -> new ApiError(429, "rate_limit_error", "rate_limit_exceeded", null, message,
          secondsRoundedUp(refused.retryAfter()));
      case CLOSED -> unavailable(message);
      default -> badRequest(switch (refused.refusal()) {
        case PROMPT_TOO_LONG, NEVER_FITS, INVALID_TOKEN -> "prompt";
        case TOO_MANY_SAMPLES -> "n";
        default -> null;
      }, message);
    };
  }

  /**
   * Why an accepted request has no whole answer.
   *
   * @param reason of a sample that was cut off
   */
  static ApiError cutOff(FinishReason reason, String message) {
    String text = "the answer was cut off: "
        + (message.isEmpty() ? reason.name().toLowerCase(Locale.ROOT) : message);
    return switch (reason) {
      case SHUTDOWN, REFUSED, ABORT -> unavailable(text);
      case DEADLINE -> new ApiError(503, SERVER, "deadline_exceeded", null, text, 0);
      default -> new ApiError(500, SERVER, "generation_failed", null, text, 0);
    };
  }

  private static long secondsRoundedUp(Duration time) {
    return Math.max(1, time.plusNanos(999_999_999).toSeconds());
  }
}
