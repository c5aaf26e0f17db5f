package dev.weft.examples;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.INTERFACES;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.lang.ArchRule;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Rules about what classes may use. The packages of the modules lie below one root package. */
final class ModuleRules {
  private static final Set<String> API = Set.of("schedulerapi");
  private static final Set<String> PARTS =
      Set.of("schedulerapi", "batching", "pagedkv", "speculative", "gpuexecutor");

  /** What each module may use of the others; the direction of docs/architecture.md. */
  static final Map<String, Set<String>> MAY_USE = new TreeMap<>(Map.ofEntries(
      Map.entry("schedulerapi", Set.of()),
      Map.entry("batching", API),
      Map.entry("pagedkv", API),
      Map.entry("speculative", API),
      Map.entry("gpuexecutor", API),
      Map.entry("testkit", API),
      Map.entry("micrometer", API),
      Map.entry("engine", PARTS),
      Map.entry("simulator", plus(PARTS, "engine", "testkit")),
      Map.entry("gputests", plus(PARTS, "engine", "simulator", "testkit")),
      Map.entry("examples", plus(PARTS, "engine", "simulator", "micrometer")),
      Map.entry("benchmarks", plus(PARTS, "engine", "testkit"))));

  private final String root;
  private final String[] pure;

  /** @param root package below which every module has one, of its name without dashes */
  ModuleRules(String root) {
    this.root = root;
    pure = new String[] {classesOf("batching"), classesOf("pagedkv"), classesOf("speculative")};
  }

  private static Set<String> mayUse(String module) {
    return MAY_USE.getOrDefault(module, Set.of());
  }

  private static Set<String> plus(Set<String> modules, String... more) {
    Set<String> all = new HashSet<>(modules);
    all.addAll(Set.of(more));
    return Set.copyOf(all);
  }

  private String classesOf(String module) {
    return root + "." + module + "..";
  }

  /** A module uses only what lies below it, and no sibling. */
  ArchRule direction(String module) {
    String[] others = MAY_USE.keySet().stream()
        .filter(other -> !other.equals(module) && !mayUse(module).contains(other))
        .map(this::classesOf)
        .toArray(String[]::new);
    return noClasses().that().resideInAPackage(classesOf(module))
        .should().dependOnClassesThat().resideInAnyPackage(others)
        .allowEmptyShould(true);
  }

  /** Whoever implements a port needs nothing but the JDK. */
  ArchRule theApiNeedsTheJdkAlone() {
    return classes().that().resideInAPackage(classesOf("schedulerapi"))
        .should().onlyDependOnClassesThat().resideInAnyPackage(
            "java..", classesOf("schedulerapi"), "org.jspecify..", "org.apiguardian..");
  }

  /** Agrona's buffers and queues demand a JVM flag of whoever embeds us. */
  ArchRule onlyTheCollectionsOfAgrona() {
    return noClasses().should().dependOnClassesThat(
        resideInAPackage("org.agrona..").and(not(resideInAPackage("org.agrona.collections"))));
  }

  /** The other queues of JCTools use sun.misc.Unsafe, which warns from JDK 24 on. */
  ArchRule onlyTheVarHandleQueuesOfJctools() {
    return noClasses().should().dependOnClassesThat(
        resideInAnyPackage("org.jctools.queues", "org.jctools.queues.unpadded", "org.jctools.maps")
            .and(not(INTERFACES)));
  }

  /** Time is a parameter of scheduler and cache. */
  ArchRule noClock() {
    return noClasses().that().resideInAnyPackage(pure)
        .should().callMethod(System.class, "nanoTime")
        .orShould().callMethod(System.class, "currentTimeMillis")
        .orShould().dependOnClassesThat(resideInAPackage("java.time.."));
  }

  /** Equal calls give equal plans: no random number, and no order by identity. */
  ArchRule noRandomness() {
    return noClasses().that().resideInAnyPackage(pure)
        .should().callMethod(Math.class, "random")
        .orShould().callMethod(System.class, "identityHashCode", Object.class)
        .orShould().dependOnClassesThat().haveNameMatching("java\\.util\\.(Splittable)?Random")
        .orShould().dependOnClassesThat().haveNameMatching("java\\.util\\.(UUID|IdentityHashMap)")
        .orShould().dependOnClassesThat(
            resideInAnyPackage("java.util.random..", "java.security.."));
  }

  /**
   * One thread owns a scheduler; it starts none and waits for none. A draft model waits for its
   * executor, and hands on the interrupt that ends the wait.
   */
  ArchRule noThread() {
    return noClasses().that().resideInAnyPackage(pure).and().doNotHaveSimpleName("DraftModel")
        .should().dependOnClassesThat(resideInAPackage("java.util.concurrent.."))
        .orShould().dependOnClassesThat().areAssignableTo(Thread.class)
        .orShould().dependOnClassesThat().areAssignableTo(ThreadLocal.class);
  }

  /** What happens is told to listeners; files, sockets, logs and consoles belong to the host. */
  ArchRule noInputOrOutput() {
    return noClasses().that().resideInAnyPackage(pure)
        .should().dependOnClassesThat(resideInAnyPackage("java.io..", "java.net..",
            "java.nio.channels..", "java.nio.file..", "java.util.logging..", "org.slf4j.."))
        .orShould().dependOnClassesThat().areAssignableTo(System.Logger.class)
        .orShould().accessField(System.class, "out")
        .orShould().accessField(System.class, "err")
        .orShould().accessField(System.class, "in");
  }
}
