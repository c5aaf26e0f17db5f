package dev.weft.gpuexecutor;

import java.io.IOException;

/** Where the numbers of a model's tensors come from. */
interface WeightSource {
  /** The numbers that a checkpoint stores. */
  WeightSource CHECKPOINT =
      (tensor, sink) -> TensorRows.read(tensor, tensor.require(tensor.shape()), sink);

  /** Hands all rows of a tensor to the sink, in order. */
  void read(StoredTensor tensor, TensorRows.Sink sink) throws IOException;
}
