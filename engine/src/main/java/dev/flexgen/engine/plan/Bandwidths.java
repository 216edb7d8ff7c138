package dev.flexgen.engine.plan;

/**
 * How fast bytes move on a machine with a GPU, measured.
 *
 * @param gpuRead bytes per second that the GPU reads from its own memory
 * @param upload bytes per second from page-locked host memory to the GPU, nothing else going on
 * @param hostRead bytes per second that the processor's threads read from host memory, nothing else going on
 * @param uploadBoth and while the processor reads
 * @param hostReadBoth and while the GPU is being sent weights: both come out of the same memory
 * @param groupedProduct bytes per second of weights in groups that the processor's threads multiply with
 */
public record Bandwidths(
        double gpuRead, double upload, double hostRead, double uploadBoth, double hostReadBoth, double groupedProduct) {

    /** Where the processor multiplies weights in groups as fast as it reads. */
    public Bandwidths(double gpuRead, double upload, double hostRead, double uploadBoth, double hostReadBoth) {
        this(gpuRead, upload, hostRead, uploadBoth, hostReadBoth, Double.MAX_VALUE);
    }

    /** What of the rate of reading a matrix product on the processor keeps, as measured (docs/BENCHMARKS.md). */
    public static final double PRODUCT = 0.8;

    /** Below this share of the work, a processor's part is not worth waiting for. */
    private static final double LEAST_SHARE = 0.2;

    /** The same for plans of weights in groups, where arithmetic may bind the processor before memory does. */
    public Bandwidths forGroups() {
        double most = groupedProduct / PRODUCT;
        return new Bandwidths(
                gpuRead, upload, Math.min(hostRead, most), uploadBoth, Math.min(hostReadBoth, most), groupedProduct);
    }

    /** Share of the host's weights that the GPU computes, so that both are done at the same time; 1 for a slow processor. */
    double streamedShare() {
        double processor = PRODUCT * hostReadBoth;
        double share = uploadBoth / (uploadBoth + processor);
        return 1 - share < LEAST_SHARE ? 1 : share;
    }
}
