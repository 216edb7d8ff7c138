package dev.flexgen.engine.checkpoint;

import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.checkpoint.PickleValue.Dictionary;
import dev.flexgen.engine.checkpoint.PickleValue.View;
import dev.flexgen.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What torch.save makes of a state_dict since PyTorch 1.6: a zip archive of {@code <root>/data.pkl}, which describes the
 * tensors, and one entry {@code <root>/data/<key>} for each storage. The root's name varies.
 */
final class TorchArchive {

    private static final String PICKLE = "/data.pkl";
    private static final long LARGEST_PICKLE = 64L << 20;

    private final MappedFile file;
    private final StoredZip zip;
    private final String root;

    private TorchArchive(MappedFile file, StoredZip zip, String root) {
        this.file = file;
        this.zip = zip;
        this.root = root;
    }

    /** Every tensor of the file by name, in the order of the state_dict. */
    static Map<String, StoredTensor> read(MappedFile file) {
        ForeignContent.refuseInTorch(file);
        if (!ForeignContent.isZip(file)) {
            throw file.damaged("it does not start with a zip header, so this is no PyTorch archive");
        }
        var zip = new StoredZip(file);
        StoredZip.Entry pickle = pickle(file, zip);
        String name = pickle.name();
        return new TorchArchive(file, zip, name.substring(0, name.length() - PICKLE.length())).tensors(pickle);
    }

    private static StoredZip.Entry pickle(MappedFile file, StoredZip zip) {
        List<StoredZip.Entry> pickles = zip.entries().stream()
                .filter(entry -> entry.name().indexOf('/') == entry.name().length() - PICKLE.length()
                        && entry.name().endsWith(PICKLE))
                .toList();
        if (pickles.size() != 1) {
            throw EngineException.model(file.path() + " is a zip archive with " + pickles.size()
                    + " entries named */data.pkl instead of one, so torch.save did not write it;"
                    + " use the file as published");
        }
        return pickles.getFirst();
    }

    private Map<String, StoredTensor> tensors(StoredZip.Entry pickle) {
        checkByteOrder();
        if (pickle.bytes() > LARGEST_PICKLE) {
            throw file.damaged("entry '" + Quoted.text(pickle.name()) + "' of " + pickle.bytes()
                    + " bytes is larger than the " + LARGEST_PICKLE + " that a state_dict may take");
        }
        String place = file.path() + ", entry " + Quoted.text(pickle.name());
        if (!(new Unpickler(place, zip.data(pickle)).read() instanceof Dictionary(var entries))) {
            throw EngineException.model(
                    place + ": holds no dictionary of tensors; save the model's state_dict with torch.save");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        entries.forEach((name, value) -> {
            // Other values (counters, settings) are harmless companions.
            if (value instanceof View view) {
                tensors.put(name, tensor(name, view));
            }
        });
        if (tensors.isEmpty()) {
            throw EngineException.model(place + ": the dictionary holds no tensors at its top level, only "
                    + Quoted.text(String.join(", ", entries.keySet()))
                    + "; save the model's state_dict itself with torch.save");
        }
        return tensors;
    }

    private void checkByteOrder() {
        StoredZip.Entry entry = zip.entry(root + "/byteorder");
        if (entry == null) {
            return;
        }
        MemorySegment order = zip.data(entry);
        MappedFile content = new MappedFile(file.path(), order);
        if (!(order.byteSize() == "little".length() && content.has(0, "little"))) {
            throw EngineException.model(file.path() + " was saved on a big-endian machine;"
                    + " save it again with torch.save on a little-endian one");
        }
    }

    private TorchTensor tensor(String name, View view) {
        String tensor = "tensor '" + Quoted.text(name) + "'";
        PickleValue.Storage storage = view.storage();
        StoredZip.Entry entry = zip.entry(root + "/data/" + storage.key());
        if (entry == null) {
            throw file.damaged(tensor + " refers to the storage '" + Quoted.text(storage.key())
                    + "', which the archive does not hold");
        }
        zip.check(entry);
        try {
            long expected =
                    storage.type().map(type -> type.bytes(storage.count())).orElse(storage.count());
            if (entry.bytes() != expected) {
                throw file.damaged(tensor + " needs a storage '" + Quoted.text(storage.key()) + "' of " + expected
                        + " bytes, but the archive's has " + entry.bytes());
            }
            checkInside(tensor, view, entry.bytes() / view.type().bytes(1));
        } catch (ArithmeticException _) {
            throw file.damaged(tensor + " has a size beyond 2^63 bytes");
        }
        return new TorchTensor(zip, entry, view.type(), new Shape(view.extents()), view.offset(), view.strides());
    }

    /** Also bounds what copying a strided view can cost: never more elements than the storage holds. */
    private void checkInside(String tensor, View view, long available) {
        long elements = new Shape(view.extents()).elements();
        if (elements == 0) {
            return;
        }
        long last = view.offset();
        for (int axis = 0; axis < view.extents().size(); axis++) {
            long steps = view.extents().get(axis) - 1;
            last = Math.addExact(last, Math.multiplyExact(steps, view.strides().get(axis)));
        }
        if (last >= available) {
            throw file.damaged(tensor + " reaches to element " + last + " of a storage of " + available);
        }
        if (elements > available) {
            throw EngineException.model(file.path() + ": " + tensor + " of " + elements
                    + " elements repeats those of a storage of " + available
                    + "; save the model again after calling contiguous() on its tensors");
        }
    }
}
