package dev.weft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The rules that hold for the code of every module. They are checked here because the examples see
 * all modules. Each one is also shown to find a violation: a made-up source, or a class below
 * {@code planted}.
 */
class HouseRulesTest {
  private static final String ROOT = "dev.weft";
  private static final String PLANTED = "dev.weft.examples.planted";

  /** What the text of all Java files keeps to. */
  @Nested class Sources {
    private static final List<SourceFile> FILES = sources();

    @Test
    void everyModuleIsRead() {
      Set<String> packages = FILES.stream()
          .map(file -> file.path().replaceFirst("/.*", "").replace("-", ""))
          .collect(Collectors.toCollection(TreeSet::new));

      assertThat(packages).as("a new module needs a place in ModuleRules.MAY_USE")
          .isEqualTo(ModuleRules.MAY_USE.keySet());
    }

    @Test
    void everyLineFits() {
      none(SourceRules.longLines(FILES));
    }

    @Test
    void everyMethodFitsAScreen() throws IOException {
      none(SourceRules.longMethods(FILES));
    }

    @Test
    void everyPackageSaysWhatItIs() {
      none(SourceRules.packagesWithoutInfo(FILES));
    }

    @Test
    void nothingIsLeftForLater() {
      none(SourceRules.wordsForLater(FILES));
    }

    private void none(List<String> found) {
      assertThat(found).isEmpty();
    }
  }

  /** What the classes of all modules use. */
  @Nested class Uses {
    private static final JavaClasses CLASSES = new ClassFileImporter()
        .withImportOption(new ImportOption.DoNotIncludeTests())
        .importPackages(ROOT);
    private final ModuleRules rules = new ModuleRules(ROOT);

    @Test
    void classesOfEveryModuleAreSeen() {
      Set<String> modules = CLASSES.stream()
          .map(type -> type.getPackageName().substring(ROOT.length() + 1).replaceFirst("\\..*", ""))
          .collect(Collectors.toCollection(TreeSet::new));

      assertThat(modules).containsAll(modulesWithClasses());
    }

    @Test
    void modulesDependOneWay() {
      ModuleRules.MAY_USE.keySet().forEach(module -> rules.direction(module).check(CLASSES));
    }

    @Test
    void theApiNeedsTheJdkAlone() {
      rules.theApiNeedsTheJdkAlone().check(CLASSES);
    }

    @Test
    void onlyTheCollectionsOfAgronaAreUsed() {
      rules.onlyTheCollectionsOfAgrona().check(CLASSES);
    }

    @Test
    void onlyTheVarHandleQueuesOfJctoolsAreUsed() {
      rules.onlyTheVarHandleQueuesOfJctools().check(CLASSES);
    }

    @Test
    void schedulerAndCacheReadNoClock() {
      rules.noClock().check(CLASSES);
    }

    @Test
    void schedulerAndCacheDrawNoRandomNumberAndOrderNothingByIdentity() {
      rules.noRandomness().check(CLASSES);
    }

    @Test
    void schedulerAndCacheStartNoThreadAndWaitForNone() {
      rules.noThread().check(CLASSES);
    }

    @Test
    void schedulerAndCacheDoNoInputOrOutput() {
      rules.noInputOrOutput().check(CLASSES);
    }

    /**
     * Modules whose only main source is the description of their package have no class. Benchmarks
     * are not seen from here: their generated code and JMH stay out of the examples, and nothing
     * can depend on them.
     */
    private Set<String> modulesWithClasses() {
      return sources().stream().map(SourceFile::path)
          .filter(path -> path.contains("/src/main/java/dev/"))
          .filter(path -> !path.startsWith("benchmarks/"))
          .filter(path -> !path.endsWith("/package-info.java"))
          .map(path -> path.replaceFirst("/.*", "").replace("-", ""))
          .collect(Collectors.toSet());
    }
  }

  /** Every rule about sources finds what breaks it, and nothing less. */
  @Nested class PlantedSources {
    private static final String PATH = "module/src/main/java/planted/Planted.java";

    @Test
    void aLineOf101ColumnsIsFound() {
      assertThat(SourceRules.longLines(source("//" + "x".repeat(98)))).isEmpty();
      assertThat(SourceRules.longLines(source("\n//" + "x".repeat(99))))
          .containsExactly(PATH + ":2: 101 columns");
    }

    @Test
    void aMethodOf71LinesIsFound() throws IOException {
      assertThat(SourceRules.longMethods(source(typeWith("void method()", 68)))).isEmpty();
      assertThat(SourceRules.longMethods(source(typeWith("void method()", 69))))
          .containsExactly(PATH + ":2: method has 71 lines");
    }

    @Test
    void aConstructorAndAnInitialiserAreMethodsToo() throws IOException {
      assertThat(SourceRules.longMethods(source(typeWith("Planted()", 69))))
          .containsExactly(PATH + ":2: <init> has 71 lines");
      assertThat(SourceRules.longMethods(source(typeWith("static", 69))))
          .containsExactly(PATH + ":2: an initialiser has 71 lines");
    }

    @Test
    void anAnnotationCountsAndAJavadocDoesNot() throws IOException {
      assertThat(SourceRules.longMethods(source(typeWith("/** Says. */\n void method()", 68))))
          .isEmpty();
      assertThat(SourceRules.longMethods(source(typeWith("@Deprecated\n void method()", 68))))
          .hasSize(1);
    }

    @Test
    void aPackageWithoutInfoIsFound() {
      SourceFile type = new SourceFile(PATH, "class Planted {}");
      SourceFile info = new SourceFile(PATH.replace("Planted.java", "package-info.java"),
          "/** Says what it is. */\npackage planted;");
      SourceFile test = new SourceFile(PATH.replace("main", "test"), "class PlantedTest {}");

      assertThat(SourceRules.packagesWithoutInfo(List.of(type, info, test))).isEmpty();
      assertThat(SourceRules.packagesWithoutInfo(List.of(type, test)))
          .containsExactly("module/src/main/java/planted: no package-info.java");
    }

    @Test
    void aWordForLaterIsFound() {
      String line = "// TO" + "DO: later";

      assertThat(SourceRules.wordsForLater(source("// a toDoList and MOTTOS")))
          .isEmpty();
      assertThat(SourceRules.wordsForLater(source(line))).containsExactly(PATH + ":1: " + line);
      assertThat(SourceRules.wordsForLater(source("// FIX" + "ME"))).hasSize(1);
    }

    private List<SourceFile> source(String text) {
      return List.of(new SourceFile(PATH, text));
    }

    /** A type on whose second line a member begins whose body has so many lines. */
    private String typeWith(String head, int numBodyLines) {
      return "class Planted {\n " + head + " {\n" + ";\n".repeat(numBodyLines) + "} }\n";
    }
  }

  /** Every rule about uses finds the planted class that breaks it. */
  @Nested class PlantedUses {
    private static final JavaClasses CLASSES = new ClassFileImporter().importPackages(PLANTED);
    private final ModuleRules rules = new ModuleRules(PLANTED);

    @ParameterizedTest
    @CsvSource({"batching,UsesSibling", "pagedkv,UsesEngine", "gpuexecutor,UsesSchedulingCode",
        "testkit,UsesSiblingToo", "micrometer,UsesScheduler", "engine,UsesTestkit",
        "schedulerapi,UsesAlgorithm"})
    void aWrongDirectionIsFound(String module, String culprit) {
      finds(rules.direction(module), culprit);
    }

    @Test
    void anApiThatNeedsALibraryIsFound() {
      finds(rules.theApiNeedsTheJdkAlone(), "UsesLibrary");
    }

    @Test
    void aForbiddenLibraryClassIsFound() {
      finds(rules.onlyTheCollectionsOfAgrona(), "UsesAgronaBuffer");
      finds(rules.onlyTheVarHandleQueuesOfJctools(), "UsesUnsafeQueue");
    }

    @Test
    void aForbiddenCallIsFound() {
      finds(rules.noClock(), "ReadsClock", "ReadsCalendar");
      finds(rules.noRandomness(), "DrawsNumber", "OrdersByIdentity");
      finds(rules.noThread(), "StartsThread", "Locks");
      finds(rules.noInputOrOutput(), "ReadsFile", "Prints", "Logs");
    }

    @Test
    void noPlantedClassIsBesidesThePoint() {
      assertThat(CLASSES.stream().map(JavaClass::getSimpleName)).hasSize(20);
    }

    private void finds(ArchRule rule, String... culprits) {
      String report = rule.evaluate(CLASSES).getFailureReport().toString();
      assertThat(report).contains(culprits);
    }
  }

  private static List<SourceFile> sources() {
    try {
      return SourceFile.ofRepository(SourceFile.repository());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
