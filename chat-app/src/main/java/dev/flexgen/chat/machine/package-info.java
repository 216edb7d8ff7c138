/** What this machine has, and what may be expected of a model on it: for the wizard and the lists of models. */
@NullMarked
package dev.flexgen.chat.machine;

import org.jspecify.annotations.NullMarked;
