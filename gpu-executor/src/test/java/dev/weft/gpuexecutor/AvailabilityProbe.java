package dev.weft.gpuexecutor;

/**
 * A program that asks whether CUDA is available, twice, and says what became of {@code
 * java.io.tmpdir}. Arguments come first: {@code stand-in}, {@code version=11080}, {@code
 * devices=0}, {@code old=1}, {@code capability=7}, {@code fail=cuModuleLoadData:222}, {@code
 * load=/path/libcuda}.
 */
final class AvailabilityProbe {
  private AvailabilityProbe() {}

  public static void main(String[] arguments) {
    int numDevices = 1;
    int numOldDevices = 0;
    int major = 9;
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String value = argument.substring(equals + 1);
      switch (equals < 0 ? argument : argument.substring(0, equals)) {
        case "stand-in" -> StandIn.load();
        case "version" -> StandIn.version(Integer.parseInt(value));
        case "devices" -> numDevices = Integer.parseInt(value);
        case "old" -> numOldDevices = Integer.parseInt(value);
        case "capability" -> major = Integer.parseInt(value);
        case "fail" -> StandIn.failCall(
            value.substring(0, value.indexOf(':')), 1,
            Integer.parseInt(value.substring(value.indexOf(':') + 1)));
        case "load" -> System.load(value);
        default -> throw new IllegalArgumentException(argument);
      }
    }
    if (arguments.length > 0 && arguments[0].equals("stand-in")) {
      StandIn.devices(numDevices, major, 5, 10);
      StandIn.oldDevices(numOldDevices);
    }
    String before = System.getProperty("java.io.tmpdir");

    System.out.println(CudaExecutor.unavailableReason().orElse("available"));
    System.out.println(CudaExecutor.unavailableReason().orElse("available"));
    System.out.println(CudaExecutor.isAvailable());
    System.out.println(before.equals(System.getProperty("java.io.tmpdir")));
    System.out.println(arguments.length > 0 && arguments[0].equals("stand-in")
        ? StandIn.leaks().toString() : "[]");
  }
}
