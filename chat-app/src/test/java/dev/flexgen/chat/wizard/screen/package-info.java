@NullMarked
package dev.flexgen.chat.wizard.screen;

import org.jspecify.annotations.NullMarked;
