package dev.flexgen.engine.plan;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Profiles of machines that are not here, from published figures; docs/ARCHITECTURE.md says where each is from. */
public final class ShippedProfiles {

    private static final List<String> NAMES = List.of("t4", "3090");

    private ShippedProfiles() {}

    /** What {@link #find} knows. */
    public static List<String> names() {
        return NAMES;
    }

    /** The profile of this name. */
    public static Optional<MachineProfile> find(String name) {
        String known = name.toLowerCase(Locale.ROOT);
        return NAMES.contains(known) ? Optional.of(ProfileJson.read(text(known), known)) : Optional.empty();
    }

    private static String text(String name) {
        try (InputStream stream = ShippedProfiles.class.getResourceAsStream(name + ".json")) {
            if (stream == null) {
                throw new IllegalStateException("the program lacks its file " + name + ".json");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
