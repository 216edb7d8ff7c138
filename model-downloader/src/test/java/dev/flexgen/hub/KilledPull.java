package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Files;

/** The process that {@link KillTest} kills again and again: pulls one model with the tuning of the tests. */
final class KilledPull {

    private KilledPull() {}

    public static void main(String[] arguments) throws IOException {
        Environment environment = Environment.current();
        HubCache cache = new HubCache(environment);
        Tuning tuning = PullWorld.tuning(
                Thread::sleep, folder -> Files.getFileStore(folder).getUsableSpace());
        System.out.println("started");
        try (Hub hub = new Hub(HubSettings.of(environment), cache, tuning)) {
            System.out.println(hub.pull(hub.plan(PullWorld.REF), _ -> {}, new PullCancel()));
        }
    }
}
