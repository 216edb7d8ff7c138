package dev.flexgen.engine.device.cuda;

import java.lang.foreign.MemorySegment;
import org.bytedeco.javacpp.Pointer;

/** A native address in the form that JavaCPP's calls take; reused from call to call by one thread at a time. */
final class Address extends Pointer {

    /** Now stands for the beginning of {@code segment}. */
    Address of(MemorySegment segment) {
        return of(segment.address());
    }

    /** Now stands for {@code value}. */
    Address of(long value) {
        address = value;
        return this;
    }
}
