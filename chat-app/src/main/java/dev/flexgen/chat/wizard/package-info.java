/**
 * The setup wizard without its terminal: what is known, what was answered, which page is shown and what a key does, all of it
 * immutable. Its {@code screen} package shows it; {@link dev.flexgen.chat.wizard.WizardWorld} is everything it can do.
 */
@NullMarked
package dev.flexgen.chat.wizard;

import org.jspecify.annotations.NullMarked;
