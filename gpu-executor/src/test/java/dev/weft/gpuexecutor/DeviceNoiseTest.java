package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The device's random numbers and elementary functions have the bits of the host's. */
class DeviceNoiseTest {
  private static final int NUM_UNIFORMS = 1 << 23;

  @Test
  void philoxGivesTheKnownAnswers() {
    assertThat(DeviceFunctions.philox(0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(DeviceFunctions.philox(-1, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    long key = 0xa4093822L | 0x299f31d0L << 32;
    assertThat(DeviceFunctions.philox(key, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @Test
  void philoxIsThatOfTheHost() {
    Random random = new Random(3);
    int[] words = new int[Philox.NUM_WORDS];
    for (int i = 0; i < 200; i++) {
      long key = random.nextLong();
      int[] counter = random.ints(4).toArray();
      Philox.generate(key, counter[0], counter[1], counter[2], counter[3], words);
      assertThat(DeviceFunctions.philox(key, counter[0], counter[1], counter[2], counter[3]))
          .isEqualTo(words);
    }
  }

  @Test
  void theNoiseOfEveryUniformIsThatOfTheHost() {
    int[] noise = DeviceFunctions.noise(0, 1 << 9, NUM_UNIFORMS);
    int numWrong = 0;
    for (int i = 0; i < NUM_UNIFORMS; i++) {
      numWrong += noise[i] == Float.floatToRawIntBits(GumbelNoise.ofWord(i << 9)) ? 0 : 1;
    }
    assertThat(numWrong).isZero();
  }

  /** Floats of all signs and exponents, infinities and what is no number among them. */
  @Test
  void exponentialsAreThoseOfTheHost() {
    int step = 509;
    int count = 1 << 23;
    int[] actual = DeviceFunctions.exponentials(7, step, count);
    float[] expected = new float[count];
    for (int i = 0; i < count; i++) {
      expected[i] = Float.intBitsToFloat(7 + i * step);
    }
    Exponential.apply(expected, new float[count], 0, 0, count);
    int numWrong = 0;
    for (int i = 0; i < count; i++) {
      boolean isSame = Float.isNaN(expected[i])
          ? Float.isNaN(Float.intBitsToFloat(actual[i]))
          : actual[i] == Float.floatToRawIntBits(expected[i]);
      numWrong += isSame ? 0 : 1;
    }
    assertThat(numWrong).isZero();
  }

  /** An operation that does not name its rounding could be contracted with the next one. */
  @Test
  void noOperationOfTheSamplerMayBeContracted() {
    String ptx = new String(KernelRunner.ptx(), StandardCharsets.US_ASCII);
    Matcher sampler =
        Pattern.compile("\\.entry sample\\((.*?)(\\.entry |$)", Pattern.DOTALL).matcher(ptx);
    assertThat(sampler.find()).isTrue();
    String text = sampler.group(1);
    Stream<String> wanted = Stream.of("fma.rn.f32", "mul.rn.f32", "add.rn.f32");
    Stream<String> unwanted =
        Stream.of(" mul.f32", " add.f32", " sub.f32", ".ftz.f32", ".approx.f32");
    assertThat(wanted).allMatch(text::contains);
    assertThat(unwanted).noneMatch(text.replace('\t', ' ')::contains);
  }
}
