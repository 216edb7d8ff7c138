package dev.flexgen.chat.dialogue;

import java.util.OptionalDouble;

/**
 * What a turn would take that began now.
 *
 * @param tokens of its prompt that are not read yet
 * @param firstWordSeconds until they are, and the first word of the reply is whole
 * @param tokenSeconds of each token of the reply behind the first; empty if that is not known yet
 */
public record TurnCost(int tokens, double firstWordSeconds, OptionalDouble tokenSeconds) {}
