package dev.flexgen.engine.checkpoint;

import java.util.Map;

/** The file formats of published weights, in the order in which Hugging Face's loader prefers them. */
enum WeightFormat {
    SAFETENSORS("model.safetensors") {
        @Override
        Map<String, StoredTensor> read(MappedFile file) {
            return Safetensors.read(file);
        }
    },
    TORCH("pytorch_model.bin") {
        @Override
        Map<String, StoredTensor> read(MappedFile file) {
            return TorchArchive.read(file);
        }
    };

    private final String fileName;

    WeightFormat(String fileName) {
        this.fileName = fileName;
    }

    /** The one file of an unsharded checkpoint. */
    String fileName() {
        return fileName;
    }

    /** The index of a sharded one. */
    String indexName() {
        return fileName + ".index.json";
    }

    /** Every tensor of one file, described but not touched. */
    abstract Map<String, StoredTensor> read(MappedFile file);
}
