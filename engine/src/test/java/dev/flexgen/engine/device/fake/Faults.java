package dev.flexgen.engine.device.fake;

/** Which calls of a {@link FakeGpu} fail: allocations at once, all others when the work is done. Asked by any thread. */
@FunctionalInterface
public interface Faults {

    Faults NONE = call -> false;

    /** What can fail. */
    enum Kind {
        ALLOCATION,
        HOST_ALLOCATION,
        UPLOAD,
        DOWNLOAD,
        COPY,
        OPERATION
    }

    /**
     * One call.
     *
     * @param number the how manieth of its kind, from 1
     * @param name of the operation, or the owner of the memory
     */
    record Call(Kind kind, int number, String name) {}

    boolean hit(Call call);

    /** The {@code number}th call of one kind, from 1. */
    static Faults nth(Kind kind, int number) {
        return call -> call.kind() == kind && call.number() == number;
    }

    /** The first operation named {@code name}, as in {@code Ops}. */
    static Faults operation(String name) {
        return call -> call.kind() == Kind.OPERATION && call.name().equals(name);
    }
}
