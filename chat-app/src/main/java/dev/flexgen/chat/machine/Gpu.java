package dev.flexgen.chat.machine;

import java.util.OptionalLong;

/**
 * A graphics processor.
 *
 * @param name as its driver calls it
 * @param memoryBytes empty where the driver does not say
 */
public record Gpu(String name, OptionalLong memoryBytes) {}
