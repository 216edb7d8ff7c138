package dev.flexgen.engine.memory;

import dev.flexgen.engine.base.EngineException;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Who holds how many bytes on which tier. Every allocation of the engine enters here under its owner's name and leaves when
 * it is freed, so that a plan can be compared with what is really held and a leak has a name. A device with memory of its own has
 * its own {@link #forDevice view}. Thread-safe.
 */
public final class Ledger {

    private static final long MIB = 1 << 20;

    private final Map<Tier, Account> accounts = new EnumMap<>(Tier.class);

    /** Of one memory, or of all memories of a tier together. Guarded by {@link #lock}, which the views of a ledger share. */
    private static final class Account {
        final Map<String, Long> held = new LinkedHashMap<>();
        final @Nullable Account whole;
        long bytes;
        long cap = Long.MAX_VALUE;
        long peak;

        Account(@Nullable Account whole) {
            this.whole = whole;
        }
    }

    private final Object lock;

    public Ledger() {
        lock = new Object();
        for (Tier tier : Tier.values()) {
            accounts.put(tier, new Account(null));
        }
    }

    private Ledger(Ledger whole, Tier own) {
        lock = whole.lock;
        accounts.putAll(whole.accounts);
        accounts.put(own, new Account(whole.account(own)));
    }

    /**
     * The view of one of several devices that have memory of their own on {@code tier}: of that tier it knows, and caps, only what is
     * entered through it, which the whole ledger counts too. Other tiers are the whole ledger's.
     */
    public Ledger forDevice(Tier tier) {
        return new Ledger(this, tier);
    }

    /** From now on, {@link #enter} refuses what would bring a tier above {@code bytes}. */
    public void cap(Tier tier, long bytes) {
        synchronized (lock) {
            account(tier).cap = bytes;
        }
    }

    /** The most that a tier may hold; {@link Long#MAX_VALUE} without a cap. */
    public long cap(Tier tier) {
        synchronized (lock) {
            return account(tier).cap;
        }
    }

    /**
     * Notes that {@code owner} now holds {@code bytes} more on {@code tier}. Called before the memory is taken, so that a cap is
     * never broken, not even for a moment.
     *
     * @throws EngineException of kind PLACEMENT if the tier's cap forbids it; then nothing is noted
     */
    public void enter(Tier tier, String owner, long bytes) {
        synchronized (lock) {
            for (Account account = account(tier); account != null; account = account.whole) {
                requireRoom(account, tier, owner, bytes);
            }
            for (Account account = account(tier); account != null; account = account.whole) {
                account.held.merge(owner, bytes, Long::sum);
                account.bytes += bytes;
                account.peak = Math.max(account.peak, account.bytes);
            }
        }
    }

    private static void requireRoom(Account account, Tier tier, String owner, long bytes) {
        if (bytes > account.cap - account.bytes) {
            throw EngineException.placement(String.format(
                    Locale.ROOT,
                    "%s needs %d MiB more %s memory, but %d of the %d MiB it may use are taken; allow more with %s, or choose a"
                            + " shorter --context",
                    owner,
                    Math.ceilDiv(bytes, MIB),
                    tier.label(),
                    Math.ceilDiv(account.bytes, MIB),
                    account.cap / MIB,
                    tier.option()));
        }
    }

    /** The most bytes that the tier has held at a time. */
    public long peak(Tier tier) {
        synchronized (lock) {
            return account(tier).peak;
        }
    }

    /** Notes that {@code owner} gave {@code bytes} on {@code tier} back. */
    public void leave(Tier tier, String owner, long bytes) {
        synchronized (lock) {
            for (Account account = account(tier); account != null; account = account.whole) {
                long left = account.held.merge(owner, -bytes, Long::sum);
                if (left < 0) {
                    throw new IllegalStateException(owner + " gave back more " + tier + " memory than it held");
                }
                account.bytes -= bytes;
                if (left == 0) {
                    account.held.remove(owner);
                }
            }
        }
    }

    public long bytes(Tier tier) {
        synchronized (lock) {
            return account(tier).bytes;
        }
    }

    /** Bytes that each owner holds on a tier. */
    public Map<String, Long> byOwner(Tier tier) {
        synchronized (lock) {
            return Map.copyOf(account(tier).held);
        }
    }

    /** Bytes held on each tier, zeros included. */
    public Map<Tier, Long> bytes() {
        synchronized (lock) {
            Map<Tier, Long> sums = new EnumMap<>(Tier.class);
            accounts.forEach((tier, account) -> sums.put(tier, account.bytes));
            return sums;
        }
    }

    /** What is held, largest first, one {@code owner: bytes} a line: for leak reports. */
    public String report() {
        synchronized (lock) {
            return accounts.entrySet().stream()
                    .flatMap(tier -> tier.getValue().held.entrySet().stream()
                            .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
                            .map(owner -> tier.getKey() + " " + owner.getKey() + ": " + owner.getValue()))
                    .collect(Collectors.joining("\n"));
        }
    }

    private Account account(Tier tier) {
        Account account = accounts.get(tier);
        if (account == null) {
            throw new IllegalStateException("no such tier: " + tier);
        }
        return account;
    }
}
