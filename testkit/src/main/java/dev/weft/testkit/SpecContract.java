package dev.weft.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.schedulerapi.KvKind;
import dev.weft.schedulerapi.Request;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.Verification;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * What {@link StepExecutorContract} says of a spec: a plan that asks for what the spec rules out is
 * refused and changes nothing, since whoever got it computed all the same would get something else
 * than was asked for. Where a spec rules nothing out, the test of it is skipped.
 */
abstract class SpecContract extends VerificationContract {
  private static final long STRANGER_ID = 1_000_000;

  @Test void aTreeIsRefusedWhereTheSpecHasNone() {
    assumeTrue(!spec.verifiesTrees(), "spec: verifies trees");
    assumeTrue(spec.maxNumDraftTokens() > 1, "spec: a row has no two drafts");
    refusesBesideADecode((plan, sequence) -> plan
        .sampledRow(sequence.slot, sequence.numComputed, 1)
        .draftTree(new int[] {5, 6}, new int[] {-1, -1}));
  }

  @Test void aVerificationIsRefusedThatTheSpecHasNot() {
    List<Verification> absent = Arrays.stream(Verification.values())
        .filter(verification -> !spec.verifications().contains(verification)).toList();
    assumeTrue(!absent.isEmpty(), "spec: has every verification");
    for (Verification verification : absent) {
      refusesToAttach(request -> request.sampling(greedy(b -> b.verification(verification))));
    }
  }

  @Test void moreLogprobsAreRefusedThanTheSpecHas() {
    int tooMany = spec.maxNumLogprobs() + 1;
    assumeTrue(tooMany <= SamplingParameters.MAX_NUM_LOGPROBS, "spec: reports all there can be");
    refusesToAttach(request -> request.sampling(greedy(b -> b.numLogprobs(tooMany))));
  }

  @Test void anAdapterIsRefusedWhereTheSpecHasNone() {
    assumeTrue(!spec.supportsAdapters(), "spec: has adapters");
    refusesToAttach(request -> request.adapterId(1));
  }

  @Test void aMaskIsRefusedWhereTheSpecHasNone() {
    assumeTrue(!spec.supportsMasks(), "spec: takes masks");
    refusesBesideADecode((plan, sequence) -> plan
        .sampledRow(sequence.slot, sequence.numComputed, 1).mask(spec.vocabularySize(), 1));
  }

  @Test void aCopyIsRefusedWhereTheSpecHasNone() {
    assumeTrue(!spec.supportsBlockCopies(), "spec: copies blocks");
    refusesBesideADecode((plan, sequence) -> plan
        .copyBlock(1, 2).sampledRow(sequence.slot, sequence.numComputed, 1));
  }

  @Test void aChunkIsRefusedThatIsNoMultipleOfTheUnit() {
    assumeTrue(spec.chunkUnit() > 1, "spec: chunks of any length");
    refusesBesideADecode((plan, sequence) -> plan.row(sequence.slot, sequence.numComputed, 1));
  }

  @Test void aPromptBesideADecodeIsRefusedWhereTheyDoNotMix() {
    assumeTrue(!spec.mixesPrefillAndDecode(), "spec: mixes prefill and decode");
    refusesBesideADecode((plan, sequence) -> attachStranger(plan, sequence, request -> { })
        .rowOnDevice(sequence.slot, sequence.numComputed)
        .sampledRow(strangersSlot(sequence), 0, 1, 1));
  }

  /** Refuses a plan with a row of one sequence that asks for nothing, and another one attached. */
  private void refusesToAttach(Consumer<Request.Builder> demand) {
    refusesBesideADecode((plan, sequence) -> attachStranger(plan, sequence, demand)
        .rowOnDevice(sequence.slot, sequence.numComputed));
  }

  /** Lets a sequence decode with room for two tokens more, and refuses a plan in its middle. */
  private void refusesBesideADecode(BadPlan bad) {
    int[] expected = hand.alone(longPrompt(0), GREEDY, SEED, NUM_OUTPUT);
    HandSequence sequence = hand.add(longPrompt(0), GREEDY, SEED);
    hand.reserve(sequence, longPrompt(0).length + NUM_OUTPUT);
    hand.generate(sequence, 2);

    refuses(sequence.slot, plan -> bad.write(plan, sequence));

    assertThat(hand.generate(sequence, NUM_OUTPUT)).isEqualTo(expected);
    hand.retire(sequence);
    HandSequence next = hand.addAt(strangersSlot(sequence), longPrompt(0), GREEDY, SEED);
    assertThat(hand.generate(next, NUM_OUTPUT)).isEqualTo(expected);
    hand.retire(next);
  }

  private PlanWriter attachStranger(
      PlanWriter plan, HandSequence sequence, Consumer<Request.Builder> demand) {
    int slot = strangersSlot(sequence);
    Request.Builder request = Request.builder(STRANGER_ID, 1, 1).sampling(GREEDY);
    demand.accept(request);
    plan.attach(slot, request.build(), SEED);
    if (spec.kvKind() == KvKind.BLOCK_TABLE) {
      plan.blocks(slot, spec.numBlocks() - 2, spec.numBlocks() - 3);
    }
    return plan;
  }

  private int strangersSlot(HandSequence sequence) {
    return (sequence.slot + 1) % spec.numSlots();
  }

  /** Writes what is to be refused. */
  private interface BadPlan {
    PlanWriter write(PlanWriter plan, HandSequence sequence);
  }
}
