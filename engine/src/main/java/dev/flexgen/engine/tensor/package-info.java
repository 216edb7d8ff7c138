/** Numbers in memory: element types, shapes and typed memory segments. Depends on nothing else in the engine. */
@NullMarked
package dev.flexgen.engine.tensor;

import org.jspecify.annotations.NullMarked;
