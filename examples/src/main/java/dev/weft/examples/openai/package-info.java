/**
 * A server with the completions part of the OpenAI API over the engine, on the HTTP server of the
 * JDK alone. {@code OpenAiServer} is what is run; {@code HttpApi} is the API over any engine.
 */
@NullMarked
package dev.weft.examples.openai;

import org.jspecify.annotations.NullMarked;
