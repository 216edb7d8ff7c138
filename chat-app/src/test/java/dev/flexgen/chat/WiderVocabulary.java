package dev.flexgen.chat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The golden CodeGen model with the vocabulary of the published ones: the same numbers for the same tokens, whose ids are others.
 * Tokens that it did not have are never likely.
 *
 * @param places new ids of the model's own tokens; tokens that are not among them get ids that are free
 * @param size of the new vocabulary
 */
record WiderVocabulary(Map<Integer, Integer> places, int size) {

    private static final float NEVER = -1e4f;

    /** Writes the model's files, all but a tokenizer. */
    void write(Path golden, Path folder) throws IOException {
        JsonObject config = JsonParser.parseString(Files.readString(golden.resolve("config.json")))
                .getAsJsonObject();
        int[] ids = ids(config.get("vocab_size").getAsInt());
        config.addProperty("vocab_size", size);
        config.addProperty("bos_token_id", 50256);
        config.addProperty("eos_token_id", 50256);
        Files.writeString(folder.resolve("config.json"), config.toString());
        byte[] file = Files.readAllBytes(golden.resolve("model.safetensors"));
        int header = Math.toIntExact(
                ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
        JsonObject tensors = JsonParser.parseString(new String(file, 8, header, StandardCharsets.UTF_8))
                .getAsJsonObject();
        JsonObject described = new JsonObject();
        ByteArrayOutputStream numbers = new ByteArrayOutputStream();
        for (String name : tensors.keySet()) {
            if (name.equals("__metadata__")) {
                continue;
            }
            JsonObject tensor = tensors.getAsJsonObject(name).deepCopy();
            JsonArray offsets = tensor.getAsJsonArray("data_offsets");
            byte[] data = Arrays.copyOfRange(
                    file,
                    8 + header + offsets.get(0).getAsInt(),
                    8 + header + offsets.get(1).getAsInt());
            JsonArray shape = tensor.getAsJsonArray("shape");
            if (shape.get(0).getAsInt() == ids.length) {
                data = widened(data, ids, name.endsWith(".bias") ? NEVER : 0);
                shape.set(0, JsonParser.parseString(Integer.toString(size)));
            }
            JsonArray place = new JsonArray();
            place.add(numbers.size());
            place.add(numbers.size() + data.length);
            tensor.add("data_offsets", place);
            described.add(name, tensor);
            numbers.write(data);
        }
        byte[] text = described.toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + text.length + numbers.size()).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(
                folder.resolve("model.safetensors"),
                out.putLong(text.length).put(text).put(numbers.toByteArray()).array());
    }

    private int[] ids(int tokens) {
        int[] ids = new int[tokens];
        int free = 0;
        for (int token = 0; token < tokens; token++) {
            while (places.containsValue(free)) {
                free++;
            }
            ids[token] = places.containsKey(token) ? places.get(token) : free++;
        }
        return ids;
    }

    /** Rows of F32 at their new ids, and others of the same number over and over. */
    private byte[] widened(byte[] rows, int[] ids, float others) {
        int rowBytes = rows.length / ids.length;
        ByteBuffer wide = ByteBuffer.allocate(size * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
        while (wide.hasRemaining()) {
            wide.putFloat(others);
        }
        for (int token = 0; token < ids.length; token++) {
            wide.put(ids[token] * rowBytes, rows, token * rowBytes, rowBytes);
        }
        return wide.array();
    }
}
