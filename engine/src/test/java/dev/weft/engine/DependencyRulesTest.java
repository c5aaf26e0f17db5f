package dev.weft.engine;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.INTERFACES;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** What the classes of the engine and of all modules below it may use. */
class DependencyRulesTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.weft");

  private static final String[] PURE = {"dev.weft.batching..", "dev.weft.pagedkv.."};

  @Test
  void onlyTheCollectionsOfAgronaAreUsed() {
    // Its buffers and queues demand a JVM flag of whoever embeds us.
    check(
        noClasses()
            .should()
            .dependOnClassesThat(
                resideInAPackage("org.agrona..")
                    .and(not(resideInAPackage("org.agrona.collections")))));
  }

  @Test
  void onlyTheVarHandleQueuesOfJctoolsAreUsed() {
    // The others use sun.misc.Unsafe, which warns from JDK 24 on.
    check(
        noClasses()
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(
                        "org.jctools.queues", "org.jctools.queues.unpadded", "org.jctools.maps")
                    .and(not(INTERFACES))));
  }

  @Test
  void theSchedulerAndTheCacheReadNoClock() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .dependOnClassesThat(resideInAPackage("java.time..")));
  }

  @Test
  void theSchedulerAndTheCacheDrawNoRandomNumberAndUseNoIdentity() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .callMethod(Math.class, "random")
            .orShould()
            .callMethod(System.class, "identityHashCode", Object.class)
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.Random")
            .orShould()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.util.UUID"));
  }

  @Test
  void theSchedulerAndTheCacheStartNoThreadAndDoNoInputOrOutput() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(PURE)
            .should()
            .dependOnClassesThat(
                resideInAnyPackage(
                    "java.io..",
                    "java.net..",
                    "java.nio.channels..",
                    "java.nio.file..",
                    "java.util.concurrent..",
                    "java.util.logging.."))
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Thread.class)
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(System.Logger.class));
  }

  /** A module may have no class that the rule speaks about. */
  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }
}
