package dev.weft.simulator.speculation;

/**
 * What counts of a device for the time of a step, in seconds, bytes and operations a second; fitted
 * to published kernel times, and in part guessed.
 *
 * @param weightBandwidth   bytes of weights read a second
 * @param matrixRate        operations of matrix products a second
 * @param exponent          of the smooth maximum of the two
 * @param kvBandwidth       bytes of KV entries read a second
 * @param decodeFixed       attention of decodes, for each layer
 * @param decodePerHead     the same, for each layer, sequence and KV head
 * @param prefillRate       operations of prefill attention a second
 * @param prefillFixed      prefill attention, for each layer and chunk
 * @param prefillPerHead    the same, for each token and query head
 * @param prefillPerContext the same, for each token of context
 * @param otherFixed        element-wise kernels, for each layer
 * @param otherPerToken     the same, for each token of a model of hidden size 4,096
 * @param samplerFixed      sampler
 * @param samplerPerRow     the same, for each sampled row
 * @param stepFixed         host, for each step
 */
record DeviceRates(double weightBandwidth, double matrixRate, double exponent, double kvBandwidth,
    double decodeFixed, double decodePerHead, double prefillRate, double prefillFixed,
    double prefillPerHead, double prefillPerContext, double otherFixed, double otherPerToken,
    double samplerFixed, double samplerPerRow, double stepFixed) {
  static final DeviceRates H100 = new DeviceRates(2.55e12, 800e12, 3, 3.02e12, 11.5e-6, 0.014e-6,
      682e12, 13.3e-6, 0.00035e-6, 0.008e-6, 8.5e-6, 0.025e-6, 25e-6, 0.5e-6, 0.5e-3);
  static final DeviceRates RTX_4090 = new DeviceRates(0.907e12, 160e12, 2, 0.926e12, 11.45e-6,
      0.1985e-6 / 8, 175.6e12, 7.75e-6, 0.0316e-6 / 32, 0.0218e-6, 6.66e-6, 0.0952e-6, 25e-6,
      1.12e-6, 0);
}
