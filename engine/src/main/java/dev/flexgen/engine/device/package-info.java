/**
 * What computes: devices, their memory, and the dozen operations a transformer layer is made of. Operations know rows,
 * matrices and caches, and nothing of model families.
 */
@NullMarked
package dev.flexgen.engine.device;

import org.jspecify.annotations.NullMarked;
