package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import java.util.Locale;

/** Recognises what is often found under the name of a weights file and is none, so that the refusal can say so. */
final class ForeignContent {

    private static final byte[] ZIP = {'P', 'K', 3, 4};
    private static final byte PICKLE_PROTOCOL = (byte) 0x80;
    /** Protocol 2 and the first bytes of PyTorch's magic number, a ten-byte integer. */
    private static final byte[] LEGACY_TORCH = {
        PICKLE_PROTOCOL, 2, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46
    };

    private static final int TAR_MAGIC_OFFSET = 257;

    private ForeignContent() {}

    static boolean isZip(MappedFile file) {
        return file.has(0, ZIP);
    }

    static void refuseInSafetensors(MappedFile file) {
        refuseAnywhere(file);
        if (isZip(file)) {
            throw EngineException.model(file.path()
                    + " is a zip archive, perhaps a PyTorch checkpoint; name it pytorch_model.bin if it is one");
        }
    }

    static void refuseInTorch(MappedFile file) {
        refuseAnywhere(file);
        if (file.has(0, LEGACY_TORCH)) {
            throw EngineException.model(file.path()
                    + " is in PyTorch's format from before version 1.6; convert it with a current PyTorch:"
                    + " torch.save(torch.load(file, weights_only=True), file)");
        }
        if (file.has(TAR_MAGIC_OFFSET, "ustar")) {
            throw EngineException.model(file.path() + " is a tar archive, PyTorch's oldest format; convert it with a"
                    + " current PyTorch or use a safetensors version of the model");
        }
        if (file.has(0, PICKLE_PROTOCOL)) {
            throw EngineException.model(file.path() + " is a bare pickle and no PyTorch archive; save the state_dict"
                    + " with torch.save or use a safetensors version of the model");
        }
        if (file.size() > Long.BYTES && file.has(Long.BYTES, "{\"")) {
            throw EngineException.model(
                    file.path() + " holds safetensors data under a PyTorch name; name it model.safetensors");
        }
    }

    static void refuseInIndex(MappedFile file) {
        refuseAnywhere(file);
    }

    static void refuseInNumpy(MappedFile file) {
        refuseAnywhere(file);
    }

    private static void refuseAnywhere(MappedFile file) {
        if (file.size() == 0) {
            throw EngineException.model(file.path() + " is empty; download it again");
        }
        if (file.has(0, "version https://git-lfs")) {
            throw EngineException.model(file.path()
                    + " is a Git LFS pointer, not the weights themselves; run `git lfs pull` in its folder");
        }
        String start = file.text(0, (int) Math.min(file.size(), 15)).toLowerCase(Locale.ROOT);
        if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
            throw EngineException.model(file.path() + " is a web page, not weights; download it again");
        }
    }
}
