package dev.weft.testkit;

import dev.weft.schedulerapi.DraftAnswer;
import dev.weft.schedulerapi.DraftBatch;
import dev.weft.schedulerapi.Drafter;
import dev.weft.schedulerapi.Drafts;
import dev.weft.schedulerapi.SamplingParameters;
import dev.weft.schedulerapi.SequenceView;
import dev.weft.schedulerapi.TokenSequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A batch for a {@link Drafter}, written by hand, shown once. It answers as a scheduler does, and
 * what it handed out is dead when the drafter returns.
 *
 * <pre>
 * int[] drafts = new HandDraftBatch().with(0, 4, 5, 6, 5).proposalsOf(drafter)[0];
 * </pre>
 */
public final class HandDraftBatch implements DraftBatch {
  private final List<Proposal> sequences = new ArrayList<>();
  private DraftsChecker checker = new DraftsChecker(Integer.MAX_VALUE, true);
  private DraftAnswer answer = DraftAnswer.TAKEN;
  private SamplingParameters sampling = SamplingParameters.greedy(1);
  private boolean isOver;

  /** A batch without sequences, of any vocabulary, that takes trees. */
  public HandDraftBatch() {}

  /** Appends a sequence whose tokens are all prompt but the last. */
  public HandDraftBatch with(int handle, int maxNumDraftTokens, int... tokens) {
    return withPrompt(handle, maxNumDraftTokens, Math.max(0, tokens.length - 1), tokens);
  }

  /** Appends a sequence whose first {@code numPromptTokens} tokens are its prompt. */
  public HandDraftBatch withPrompt(int handle, int maxNumDraftTokens, int numPromptTokens,
      int... tokens) {
    sequences.add(new Proposal(new HandDraftSequence(handle, numPromptTokens, tokens),
        maxNumDraftTokens));
    return this;
  }

  /** Token ids are 0 to this, exclusive. */
  public HandDraftBatch vocabularySize(int value) {
    checker = new DraftsChecker(value, checker.takesTrees());
    return this;
  }

  /** How all sequences are sampled; default greedy. */
  public HandDraftBatch sampling(SamplingParameters value) {
    sampling = value;
    return this;
  }

  /** Takes chains alone. */
  public HandDraftBatch chainsAlone() {
    checker = new DraftsChecker(checker.vocabularySize(), false);
    return this;
  }

  /** Gives this answer to all drafts that nothing is wrong with. */
  public HandDraftBatch answering(DraftAnswer value) {
    answer = value;
    return this;
  }

  /** Shows the batch to the drafter and returns the tokens that were taken, by sequence. */
  public int[][] proposalsOf(Drafter drafter) {
    return show(drafter).sequences.stream().map(Proposal::tokens).toArray(int[][]::new);
  }

  /** Shows the batch to the drafter. */
  public HandDraftBatch show(Drafter drafter) {
    alive();
    drafter.propose(this);
    isOver = true;
    sequences.forEach(sequence -> sequence.view.end());
    return this;
  }

  /** What was taken for a sequence, after {@link #show}. */
  public Drafts drafts(int index) {
    return sequences.get(index).drafts;
  }

  /** The answers that a sequence's drafts got, in the order in which they were proposed. */
  public List<DraftAnswer> answers(int index) {
    return List.copyOf(sequences.get(index).answers);
  }

  /** Tells the drafter of the end of a sequence. */
  public static void finish(Drafter drafter, int handle, int numPromptTokens, int... tokens) {
    HandDraftSequence sequence = new HandDraftSequence(handle, numPromptTokens, tokens);
    drafter.onFinish(sequence, sequence);
    sequence.end();
  }

  @Override public int numSequences() {
    return alive().size();
  }

  @Override public int vocabularySize() {
    alive();
    return checker.vocabularySize();
  }

  @Override public int handle(int index) {
    return alive().get(index).view.handle();
  }

  @Override public TokenSequence tokens(int index) {
    return alive().get(index).view;
  }

  @Override public int maxNumDraftTokens(int index) {
    return alive().get(index).maxNumDraftTokens;
  }

  @Override public SequenceView sequence(int index) {
    return alive().get(index).view;
  }

  @Override public SamplingParameters sampling(int index) {
    alive();
    return sampling;
  }

  @Override public long seed(int index) {
    return handle(index);
  }

  @Override public boolean takesTrees() {
    alive();
    return checker.takesTrees();
  }

  @Override public DraftAnswer propose(int index, Drafts drafts) {
    Proposal sequence = alive().get(index);
    DraftAnswer checked = checker.check(drafts, sequence.maxNumDraftTokens);
    DraftAnswer given = checked.isTaken() ? answer : checked;
    sequence.drafts = given.isTaken() ? copy(drafts) : new Drafts();
    sequence.answers.add(given);
    return given;
  }

  private static Drafts copy(Drafts drafts) {
    Drafts copy = new Drafts();
    for (int draft = 0; draft < drafts.numDrafts(); draft++) {
      copy.add(drafts.token(draft), drafts.parent(draft));
      for (int i = 0; i < drafts.numChoices(draft); i++) {
        copy.addChoice(drafts.choice(draft, i), drafts.probability(draft, i));
      }
    }
    return copy;
  }

  private List<Proposal> alive() {
    if (isOver) {
      throw new AssertionError("the batch was kept and used after the call that handed it out");
    }
    return sequences;
  }

  /** One sequence and what was proposed for it. */
  private static final class Proposal {
    private final HandDraftSequence view;
    private final int maxNumDraftTokens;
    private final List<DraftAnswer> answers = new ArrayList<>();
    private Drafts drafts = new Drafts();

    private Proposal(HandDraftSequence view, int maxNumDraftTokens) {
      this.view = view;
      this.maxNumDraftTokens = maxNumDraftTokens;
    }

    private int[] tokens() {
      int[] tokens = new int[drafts.numDrafts()];
      Arrays.setAll(tokens, drafts::token);
      return tokens;
    }
  }
}
