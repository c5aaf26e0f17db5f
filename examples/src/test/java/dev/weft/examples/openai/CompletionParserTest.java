package dev.weft.examples.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.schedulerapi.SamplingParameters;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client may ask, and what it is told when it may not. */
class CompletionParserTest {
  private static final CompletionParser PARSER = new CompletionParser(TestModel.MODEL);

  @Test void whatIsNotSaidHasTheValuesOfTheApi() throws ApiException {
    CompletionRequest request = parse("{'model':'target','prompt':'It is'}");

    assertThat(request.prompts()).hasSize(1);
    assertThat(request.prompts().get(0))
        .isEqualTo(TestModel.MODEL.tokenizer().encode("It is"));
    assertThat(request.stops()).isEmpty();
    assertThat(request.streams()).isFalse();
    assertThat(request.user()).isEmpty();
    SamplingParameters sampling = request.sampling();
    assertThat(sampling.maxNewTokens()).isEqualTo(16);
    assertThat(sampling.temperature()).isEqualTo(1);
    assertThat(sampling.topP()).isEqualTo(1);
    assertThat(sampling.seed()).isNull();
    assertThat(sampling.numSamples()).isEqualTo(1);
    assertThat(sampling.numLogprobs()).isEqualTo(SamplingParameters.NO_LOGPROBS);
    assertThat(sampling.isStopToken(2)).isTrue();
  }

  @Test void everythingThatIsSaidArrives() throws ApiException {
    CompletionRequest request = parse("{'model':'target','prompt':'a','max_tokens':7,"
        + "'temperature':0.5,'top_p':0.25,'n':3,'best_of':3,'seed':-9,'logprobs':5,"
        + "'logit_bias':{'5':-100,'7':1.5},'presence_penalty':-2,'frequency_penalty':2,"
        + "'stop':['x','y'],'stream':true,'stream_options':{'include_usage':true},"
        + "'user':'anna','echo':false,'suffix':null}");

    SamplingParameters sampling = request.sampling();
    assertThat(sampling.maxNewTokens()).isEqualTo(7);
    assertThat(sampling.temperature()).isEqualTo(0.5f);
    assertThat(sampling.topP()).isEqualTo(0.25f);
    assertThat(sampling.numSamples()).isEqualTo(3);
    assertThat(sampling.seed()).isEqualTo(-9);
    assertThat(sampling.numLogprobs()).isEqualTo(5);
    assertThat(sampling.presencePenalty()).isEqualTo(-2);
    assertThat(sampling.frequencyPenalty()).isEqualTo(2);
    assertThat(sampling.numBiasedTokens()).isEqualTo(2);
    assertThat(sampling.biasedTokenId(1)).isEqualTo(7);
    assertThat(sampling.bias(1)).isEqualTo(1.5f);
    assertThat(request.stops()).containsExactly("x", "y");
    assertThat(request.streams()).isTrue();
    assertThat(request.includesUsage()).isTrue();
    assertThat(request.user()).isEqualTo("anna");
    assertThat(request.numChoices()).isEqualTo(3);
  }

  @Test void aPromptMayBeTokensOrSeveral() throws ApiException {
    assertThat(prompts("[1,2,3]")).isDeepEqualTo(new int[][] {{1, 2, 3}});
    assertThat(prompts("[[1,2],[3]]")).isDeepEqualTo(new int[][] {{1, 2}, {3}});
    assertThat(prompts("['a','b']")).hasDimensions(2, 2);
    assertThat(prompts("''")).isDeepEqualTo(new int[][] {{1}});
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "3", "{'model':'target'} x", "{'a':1,'a':2}", "{\u0000}"})
  void whatIsNoJsonObjectIsRefused(String body) {
    ApiError error = refused(body);

    assertThat(error.status()).isEqualTo(400);
    assertThat(error.param()).isNull();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
      "temperature       | 2.5     | temperature is 2.5, must be a number of 0.0 to 2.0",
      "temperature       | 'hot'   | temperature is \"hot\", must be a number",
      "temperature       | -0.1    | must be",
      "top_p             | 0       | top_p is 0, must be",
      "top_p             | 1.1     | top_p is 1.1, must be",
      "max_tokens        | 0       | max_tokens is 0, must be an integer of 1 to",
      "max_tokens        | 1.5     | max_tokens is 1.5, must be an integer",
      "max_tokens        | 99999999999 | must be an integer",
      "n                 | 0       | n is 0, must be an integer of 1 to 128",
      "n                 | 129     | n is 129, must be an integer of 1 to 128",
      "best_of           | 2       | best_of is 2, must be 1",
      "echo              | true    | echo is true, but",
      "echo              | 1       | echo is 1, must be true or false",
      "suffix            | 'x'     | suffix is \"x\", must be left out",
      "logprobs          | 6       | logprobs is 6, must be an integer of 0 to 5",
      "logprobs          | true    | logprobs is true, must be an integer",
      "seed              | 1e3     | seed is 1000.0, must be an integer",
      "seed              | 9223372036854775808 | must be an integer of 64 bits",
      "presence_penalty  | 3       | must be a number of -2.0 to 2.0",
      "frequency_penalty | -3      | must be a number of -2.0 to 2.0",
      "logit_bias        | []      | logit_bias is [], must be an object",
      "logit_bias        | {'1024':1} | logit_bias has the token id 1024, ids are 0 to 1023",
      "logit_bias        | {'-1':1} | logit_bias has the token id -1",
      "logit_bias        | {'1':101} | logit_bias is 101, must be a number of -100.0 to 100.0",
      "stop              | ''      | stop is \"\", must be a string of 1 to 256 characters",
      "stop              | ['a',3] | stop is 3, must be a string",
      "stop              | ['a','b','c','d','e'] | stop has 5 strings, at most 4",
      "stop              | '\\udc00' | stop is",
      "stream            | 'yes'   | stream is \"yes\", must be true or false",
      "stream_options    | {}      | and only with stream",
      "user              | 3       | user is 3, must be a string",
      "tools             | []      | tools is not a field of this API"
  })
  void aFieldThatIsWrongIsNamed(String field, String value, String message) {
    ApiError error = refused("{'model':'target','prompt':'a','" + field + "':" + value + "}");

    assertThat(error.status()).isEqualTo(400);
    assertThat(error.type()).isEqualTo("invalid_request_error");
    assertThat(error.param()).isEqualTo(field);
    assertThat(error.message()).contains(message);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
      "[]        | must be a string, an array of token ids, or an array of 1 to 64 such",
      "5         | must be a string, an array",
      "{}        | must be a string, an array",
      "[1,'a']   | prompt[1] is \"a\", must be a token id",
      "['a',1]   | prompt is 1, must be",
      "[[]]      | prompt is [], must be",
      "[1024]    | prompt[0] is 1024, must be a token id, 0 to 1023",
      "[-1]      | prompt[0] is -1, must be",
      "'\\ud83d' | must be a string of whole characters",
      "null      | prompt is missing"
  })
  void aPromptThatIsWrongIsNamed(String prompt, String message) {
    ApiError error = refused("{'model':'target','prompt':" + prompt + "}");

    assertThat(error.status()).isEqualTo(400);
    assertThat(error.param()).startsWith("prompt");
    assertThat(error.message()).contains(message);
  }

  @Test void aFieldOfAFieldIsNamedWithBoth() {
    ApiError error = refused("{'model':'target','prompt':'a','stream':true,"
        + "'stream_options':{'include_usage':1}}");

    assertThat(error.param()).isEqualTo("stream_options.include_usage");
  }

  @Test void anotherModelIsNotFound() {
    ApiError error = refused("{'model':'gpt-4','prompt':'a'}");

    assertThat(error.status()).isEqualTo(404);
    assertThat(error.code()).isEqualTo("model_not_found");
    assertThat(refused("{'prompt':'a'}").message()).isEqualTo("model is missing");
  }

  @Test void promptAndAnswerMustFitTheModel() throws ApiException {
    String ids = String.join(",", Collections.nCopies(1000, "5"));
    ApiError error =
        refused("{'model':'target','prompt':[" + ids + "],'max_tokens':25}");

    assertThat(error.code()).isEqualTo("context_length_exceeded");
    assertThat(error.message()).contains("1024").contains("1000").contains("25");
    parse("{'model':'target','prompt':[" + ids + "],'max_tokens':24}");
  }

  @Test void allAnswersTogetherAreBounded() {
    String prompts = String.join(",", Collections.nCopies(64, "'a'"));

    assertThat(refused("{'model':'target','n':3,'prompt':[" + prompts + "]}").message())
        .isEqualTo("n is 3 for each of 64 prompts, at most 128 answers are given at once");
    assertThat(refused("{'model':'target','prompt':[" + prompts + ",'a']}").param())
        .isEqualTo("prompt");
  }

  private static int[][] prompts(String value) throws ApiException {
    return parse("{'model':'target','prompt':" + value + "}").prompts().toArray(new int[0][]);
  }

  private static ApiError refused(String body) {
    return catchThrowableOfType(ApiException.class, () -> parse(body)).error();
  }

  private static CompletionRequest parse(String body) throws ApiException {
    return PARSER.parse(body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
