// kernel_registry.h - the kernels that the stand-in driver can run: all that kernels.cu has.
KERNEL(rms_norm)
