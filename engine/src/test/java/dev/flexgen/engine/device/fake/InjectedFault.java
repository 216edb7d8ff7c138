package dev.flexgen.engine.device.fake;

/** Work that failed because a test wanted it to. */
final class InjectedFault extends RuntimeException {

    private static final long serialVersionUID = 1L;

    InjectedFault(Faults.Call call) {
        super("call " + call.number() + " of kind " + call.kind() + " (" + call.name() + ") was to fail");
    }
}
