package dev.weft.gpuexecutor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All kernels of a step, from its step block to its result, with arguments that never change. Grids
 * are made for an {@link StepExtent} that the step may fall short of: every kernel reads the real
 * counts from the step block, so a captured pass serves many steps.
 *
 * <pre>
 * prepare_inputs, embed,
 * layers x (norm, QKV, rotation and KV, attention, O, norm, gate and up, down),
 * norm of the tokens whose logits are wanted, output, sample, verify
 * </pre>
 */
final class ForwardPass {
  private final @Nullable MatrixLibrary library;
  private final LaunchSite prepareInputs;
  private final LaunchSite embed;
  private final List<LayerPass> layers = new ArrayList<>();
  private final LaunchSite outputNorm;
  private final DeviceProduct output;
  private final LaunchSite sample;
  private final LaunchSite verify;

  /**
   * Makes the arguments of all kernels.
   *
   * @param kv all KV blocks
   */
  ForwardPass(LaunchContext context, DeviceWeights weights, DeviceMemory kv) {
    library = context.library();
    prepareInputs = prepareInputs(context);
    embed = embed(context, weights.embedding());
    for (int layer = 0; layer < weights.layers().size(); layer++) {
      long offset = context.kvLayout().layerOffset(layer);
      DeviceMemory layerKv = kv.slice(offset, kv.bytes() - offset);
      layers.add(new LayerPass(context, weights.layers().get(layer), layerKv, layer == 0));
    }
    outputNorm = outputNorm(context, weights.norm());
    output =
        context.product(
            weights.output(),
            context.buffers().normed(),
            context.buffers().logits(),
            StepBlock.HEADER_NUM_LOGITS,
            DeviceProduct.Output.LOGITS);
    sample = sample(context);
    verify = verify(context);
  }

  private static LaunchSite prepareInputs(LaunchContext context) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.PREPARE_INPUTS)
            .pointer(0, context.stepBlock())
            .pointer(1, buffers.slots())
            .pointer(2, buffers.tokens())
            .pointer(3, buffers.logitTokens())
            .pointer(4, buffers.logitRows())
            .pointer(5, buffers.results()));
  }

  private static LaunchSite embed(LaunchContext context, DeviceMatrix table) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.EMBED)
            .pointer(0, buffers.hidden())
            .pointer(1, table.memory())
            .pointer(2, buffers.tokens())
            .pointer(3, context.stepBlock())
            .integer(4, table.numChunks()));
  }

  private static LaunchSite outputNorm(LaunchContext context, DeviceMemory weight) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.GATHER_RMS_NORM)
            .pointer(0, buffers.normed())
            .pointer(1, buffers.hidden())
            .pointer(2, buffers.delta())
            .pointer(3, weight)
            .pointer(4, buffers.logitTokens())
            .pointer(5, context.stepBlock())
            .integer(6, context.config().hiddenSize())
            .integer(7, context.shape().hidden())
            .real(8, context.config().rmsNormEpsilon()));
  }

  private static LaunchSite sample(LaunchContext context) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.SAMPLE)
            .pointer(0, context.stepBlock())
            .pointer(1, buffers.slots())
            .pointer(2, buffers.logits())
            .pointer(3, buffers.logitRows())
            .pointer(4, buffers.sampled())
            .pointer(5, buffers.results()));
  }

  private static LaunchSite verify(LaunchContext context) {
    DeviceBuffers buffers = context.buffers();
    return context.site(
        context
            .arguments(Kernel.VERIFY)
            .pointer(0, context.stepBlock())
            .pointer(1, buffers.slots())
            .pointer(2, buffers.sampled())
            .pointer(3, buffers.acceptedCounts())
            .pointer(4, buffers.accepted())
            .pointer(5, buffers.results()));
  }

  /** Whether a pass for steps of up to that extent calls a {@link GemmProvider}. */
  boolean usesLibrary(StepExtent extent) {
    return library != null && library.takes(extent.maxTokens());
  }

  /** Launches the pass for steps of up to that extent. */
  void launch(CudaStream stream, StepExtent extent) {
    prepareInputs.launch(stream, 1);
    if (extent.maxTokens() > 0) {
      embed.launch(stream, extent.maxTokens());
      for (int i = 0; i < layers.size(); i++) {
        layers.get(i).launch(stream, extent);
      }
    }
    if (extent.maxLogits() > 0) {
      outputNorm.launch(stream, extent.maxLogits());
      output.launch(stream, extent.maxLogits());
      sample.launch(stream, extent.maxLogits());
    }
    if (extent.maxRows() > 0) {
      verify.launch(stream, extent.maxRows());
    }
  }
}
