package dev.weft.gpuexecutor;

/** A Llama forward in double arithmetic, without cache, written from the formulas: an oracle. */
final class NaiveLlama {
  private final LlamaConfig config;
  private final LlamaWeights weights;

  NaiveLlama(HostModel model) {
    this.config = model.config();
    this.weights = model.weights();
  }

  /** {@code [position][vocabulary]} for the whole sequence. */
  double[][] logits(int[] tokens) {
    double[][] x = new double[tokens.length][config.hiddenSize()];
    for (int t = 0; t < tokens.length; t++) {
      for (int i = 0; i < x[t].length; i++) {
        x[t][i] = weights.embedding()[tokens[t]][i];
      }
    }
    for (LlamaWeights.Layer layer : weights.layers()) {
      attend(layer, x);
      feedForward(layer, x);
    }
    double[][] logits = new double[tokens.length][];
    for (int t = 0; t < tokens.length; t++) {
      logits[t] = multiply(weights.output(), norm(x[t], weights.norm()));
    }
    return logits;
  }

  private void attend(LlamaWeights.Layer layer, double[][] x) {
    int dim = config.headDim();
    double[][] heads = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      heads[t] = multiply(layer.queryKeyValue(), norm(x[t], layer.attentionNorm()));
      for (int h = 0; h < config.numHeads() + config.numKvHeads(); h++) {
        rotate(heads[t], h * dim, t);
      }
    }
    for (int t = 0; t < x.length; t++) {
      double[] out = new double[config.queryWidth()];
      for (int h = 0; h < config.numHeads(); h++) {
        int key = config.queryWidth() + h / config.groupSize() * dim;
        attendOneHead(heads, t, h * dim, key, key + config.kvWidth(), out);
      }
      add(x[t], multiply(layer.attentionOutput(), out));
    }
  }

  private void attendOneHead(
      double[][] heads, int token, int query, int key, int value, double[] out) {
    int dim = config.headDim();
    double[] weight = new double[token + 1];
    double sum = 0;
    for (int p = 0; p <= token; p++) {
      double score = 0;
      for (int d = 0; d < dim; d++) {
        score += heads[token][query + d] * heads[p][key + d];
      }
      weight[p] = Math.exp(score / Math.sqrt(dim));
      sum += weight[p];
    }
    for (int p = 0; p <= token; p++) {
      for (int d = 0; d < dim; d++) {
        out[query + d] += weight[p] / sum * heads[p][value + d];
      }
    }
  }

  private void rotate(double[] heads, int offset, int position) {
    int half = config.headDim() / 2;
    for (int i = 0; i < half; i++) {
      double frequency = Math.pow(config.ropeTheta(), -2.0 * i / config.headDim());
      RopeScaling scaling = config.ropeScaling();
      double angle = position * (scaling == null ? frequency : scaling.scale(frequency));
      double a = heads[offset + i];
      double b = heads[offset + half + i];
      heads[offset + i] = a * Math.cos(angle) - b * Math.sin(angle);
      heads[offset + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }

  private void feedForward(LlamaWeights.Layer layer, double[][] x) {
    int width = config.intermediateSize();
    for (double[] token : x) {
      double[] gateUp = multiply(layer.gateUp(), norm(token, layer.feedForwardNorm()));
      double[] inner = new double[width];
      for (int i = 0; i < width; i++) {
        inner[i] = gateUp[i] / (1 + Math.exp(-gateUp[i])) * gateUp[width + i];
      }
      add(token, multiply(layer.down(), inner));
    }
  }

  private double[] norm(double[] x, float[] weight) {
    double sum = 0;
    for (double value : x) {
      sum += value * value;
    }
    double[] out = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      out[i] = x[i] / Math.sqrt(sum / x.length + config.rmsNormEpsilon()) * weight[i];
    }
    return out;
  }

  private static double[] multiply(PanelMatrix matrix, double[] x) {
    double[] y = new double[matrix.numOutputs()];
    for (int output = 0; output < y.length; output++) {
      float[][] panel = matrix.panel(output / matrix.panelWidth());
      for (int input = 0; input < x.length; input++) {
        y[output] += x[input] * panel[input][output % matrix.panelWidth()];
      }
    }
    return y;
  }

  private static void add(double[] target, double[] summand) {
    for (int i = 0; i < target.length; i++) {
      target[i] += summand[i];
    }
  }
}
