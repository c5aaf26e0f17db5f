package dev.weft.gpuexecutor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** That Java and the kernels agree about the layout of what they share. */
class StepBlockTest {
  private static final Path KERNEL_SIDE = Path.of("src/main/cuda/step_block.cuh");
  private static final Pattern CONSTANT = Pattern.compile("\\b([A-Z][A-Z_]+) = (\\d+)");

  @Test
  void javaAndKernelsHaveTheSameNumbers() throws Exception {
    assertThat(inJava()).isEqualTo(inKernels()).hasSizeGreaterThan(100);
  }

  @Test
  void parametersStandInAnAttachedRecordAsInTheSlot() {
    assertThat(StepBlock.ATTACHED_PARAMETERS).isEqualTo(StepBlock.SLOT_PARAMETERS);
    assertThat(StepBlock.ATTACHED_NUM_HISTORY)
        .isEqualTo(StepBlock.SLOT_PARAMETERS + StepBlock.SLOT_NUM_PARAMETERS);
  }

  private static Map<String, Integer> inJava() throws IllegalAccessException {
    Map<String, Integer> constants = new TreeMap<>();
    for (Field field : StepBlock.class.getDeclaredFields()) {
      if (field.getType() == int.class) {
        constants.put(field.getName(), field.getInt(null));
      }
    }
    return constants;
  }

  private static Map<String, Integer> inKernels() throws IOException {
    Map<String, Integer> constants = new TreeMap<>();
    for (String line : Files.readAllLines(KERNEL_SIDE)) {
      Matcher matcher = CONSTANT.matcher(line.replaceFirst("//.*", ""));
      while (matcher.find()) {
        constants.put(matcher.group(1), Integer.parseInt(matcher.group(2)));
      }
    }
    return constants;
  }
}
