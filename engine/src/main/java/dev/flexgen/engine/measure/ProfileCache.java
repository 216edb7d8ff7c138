package dev.flexgen.engine.measure;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ProfileJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The profile of this computer, kept in a file so that it is measured once. A file that is damaged, or was measured on other
 * hardware, with another driver or another number of threads, or an hour ago on a busy machine, counts for nothing and is said in
 * one sentence. Any thread.
 *
 * @param folder that has a file for each number of threads and choice of GPUs, or null to keep nothing
 * @param notice receives sentences for the user
 */
public record ProfileCache(@Nullable Path folder, Consumer<String> notice) {

    /** Keeps nothing and says nothing. */
    public static final ProfileCache NONE = new ProfileCache(null, _ -> {});

    private static final long MOST_BYTES = 1 << 20;

    /** What was measured on a busy machine is better than nothing, for a while. */
    private static final Duration BUSY_HOLDS = Duration.ofHours(1);

    /**
     * What was measured on this hardware with so many threads; empty if nothing was, or the file is of no use.
     *
     * @param gpus numbers of those that compute
     */
    public Optional<MachineProfile> saved(int threads, List<Integer> gpus, String hardware) {
        if (folder == null) {
            return Optional.empty();
        }
        Path file = file(folder, threads, gpus);
        try {
            if (Files.size(file) > MOST_BYTES) {
                return useless("is too large for one");
            }
            MachineProfile profile = ProfileJson.read(Files.readString(file), file.toString());
            if (!profile.hardware().equals(hardware)) {
                return useless("was measured on " + profile.hardware() + ", and this is " + hardware);
            }
            boolean old = Files.getLastModifiedTime(file)
                    .toInstant()
                    .isBefore(Instant.now().minus(BUSY_HOLDS));
            return profile.busy() && old
                    ? useless("was measured while other programs had much of it")
                    : Optional.of(profile);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            return useless("cannot be read");
        } catch (EngineException e) {
            return useless("is damaged: " + e.getMessage());
        }
    }

    private Optional<MachineProfile> useless(String why) {
        notice.accept("the saved profile of this machine " + why + "; it will be measured again");
        return Optional.empty();
    }

    /** Keeps it, in one piece or not at all; that this did not work is said, and costs only time later. */
    public void save(MachineProfile profile, List<Integer> gpus) {
        if (folder == null) {
            return;
        }
        Path file = file(folder, profile.host().threads(), gpus);
        try {
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, "machine-", ".partial");
            try {
                Files.writeString(part, ProfileJson.write(profile), StandardCharsets.UTF_8);
                move(part, file);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            notice.accept("the profile of this machine could not be saved to " + file
                    + ", so it is measured again next time; make the folder writable");
        }
    }

    private static Path file(Path folder, int threads, List<Integer> gpus) {
        String which = gpus.stream().map(number -> "-gpu" + number).collect(Collectors.joining());
        return folder.resolve("machine-" + threads + "-threads" + which + ".json");
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
