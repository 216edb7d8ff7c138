package dev.flexgen.hub;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.flexgen.hub.FakeFaults.Fault;
import dev.flexgen.hub.FakeRepository.FakeFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A hub on this machine that speaks the real one's protocol: the API and small files on one port, big files behind signed links
 * on another. It can be told to do everything that goes wrong out there, and keeps a list of what it was asked.
 */
public final class FakeHub implements AutoCloseable {

    private static final Pattern REVISION = Pattern.compile("/api/models/(.+)/revision/([^/]+)");
    private static final Pattern TREE = Pattern.compile("/api/models/(.+)/tree/([0-9a-f]{40})");
    private static final Pattern RESOLVE = Pattern.compile("/(.+?)/resolve/([0-9a-f]{40})/(.+)");

    private final Map<String, FakeRepository> repositories = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final FakeFaults faults = new FakeFaults();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer hub;
    private final HttpServer cdn;
    private final FakeSender sender;
    private volatile int pageSize = 1000;
    private volatile String otherLink = "";
    private final AtomicInteger linkGeneration = new AtomicInteger();

    /** What was asked, of the hub or of the server behind its links. */
    public record Request(boolean ofHub, String path, String range, String authorization) {}

    /** Starts both servers on ports of the system's choice. */
    public FakeHub() throws IOException {
        this(0);
    }

    /** @param port of the hub; 0 for any */
    public FakeHub(int port) throws IOException {
        this.hub = start(port, this::answer);
        this.cdn = start(0, this::answerLink);
        this.sender = new FakeSender(faults);
    }

    private HttpServer start(int port, HttpHandler handler) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            requests.add(new Request(
                    exchange.getLocalAddress().getPort() == hubPort(),
                    exchange.getRequestURI().getPath(),
                    header(exchange, "Range"),
                    header(exchange, "Authorization")));
            handler.handle(exchange);
        });
        server.start();
        return server;
    }

    private int hubPort() {
        return hub.getAddress().getPort();
    }

    public URI endpoint() {
        return address(hub);
    }

    private static URI address(HttpServer server) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** A model with an empty main branch. */
    public FakeRepository repository(String id) {
        FakeRepository repository = new FakeRepository(id).commit("main");
        repositories.put(id, repository);
        return repository;
    }

    public FakeFaults faults() {
        return faults;
    }

    /** How files are sent: counts, speed. */
    public FakeSender sender() {
        return sender;
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    /** Lists so many files at a time. */
    public void pageSize(int files) {
        pageSize = files;
    }

    /** Gives out this link instead of those to its big files. */
    public void linkTo(String link) {
        otherLink = link;
    }

    /** Makes all links that were given out worthless. */
    public void expireLinks() {
        linkGeneration.incrementAndGet();
    }

    static String header(HttpExchange exchange, String name) {
        String value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        Matcher revision = REVISION.matcher(exchange.getRequestURI().getRawPath());
        Matcher tree = TREE.matcher(path);
        Matcher resolve = RESOLVE.matcher(path);
        String file = resolve.matches() ? resolve.group(3) : "";
        if (faults.take(Fault.UNAVAILABLE, file)) {
            sender.status(exchange, 503, Map.of());
        } else if (faults.take(Fault.RATE_LIMIT, file)) {
            sender.status(exchange, 429, Map.of("Retry-After", "2"));
        } else if (faults.take(Fault.RATE_LIMIT_HEADER, file)) {
            sender.status(exchange, 429, Map.of("RateLimit", "\"resolvers\";r=0;t=7", "Retry-After", "2"));
        } else if (revision.matches()) {
            String name = java.net.URLDecoder.decode(revision.group(2), StandardCharsets.UTF_8);
            withCommit(exchange, revision.group(1), name, (_, commit) -> {
                JsonObject json = new JsonObject();
                json.addProperty("id", revision.group(1));
                json.addProperty("sha", commit);
                sender.json(exchange, json);
            });
        } else if (tree.matches()) {
            withCommit(
                    exchange, tree.group(1), tree.group(2), (repository, commit) -> tree(exchange, repository, commit));
        } else if (resolve.matches()) {
            withCommit(exchange, resolve.group(1), resolve.group(2), (repository, commit) -> {
                FakeFile found = repository.files(commit).get(file);
                if (found == null) {
                    sender.error(exchange, 404, "EntryNotFound", "Entry not found");
                } else {
                    resolve(exchange, found, commit);
                }
            });
        } else {
            sender.status(exchange, 404, Map.of());
        }
    }

    /** Answers about a commit. */
    @FunctionalInterface
    private interface Answer {
        void give(FakeRepository repository, String commit) throws IOException;
    }

    private void withCommit(HttpExchange exchange, String id, String revision, Answer answer) throws IOException {
        String authorization = header(exchange, "Authorization");
        FakeRepository repository = repositories.get(id);
        if (authorization.equals("Bearer wrong")) {
            sender.error(exchange, 401, "", "Invalid credentials in Authorization header");
        } else if (repository == null || repository.isHiddenFrom(authorization)) {
            sender.error(exchange, authorization.isEmpty() ? 401 : 404, "RepoNotFound", "Repository not found");
        } else if (repository.isGated()) {
            sender.error(exchange, authorization.isEmpty() ? 401 : 403, "GatedRepo", "Access to model is restricted");
        } else if (repository.commitOf(revision).isEmpty()) {
            sender.error(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
        } else {
            answer.give(repository, repository.commitOf(revision));
        }
    }

    private void tree(HttpExchange exchange, FakeRepository repository, String commit) throws IOException {
        List<FakeFile> all = new ArrayList<>(repository.files(commit).values());
        Matcher cursor = Pattern.compile("cursor=(\\d+)")
                .matcher(exchange.getRequestURI().getQuery());
        int from = cursor.find() ? Integer.parseInt(cursor.group(1)) : 0;
        int to = Math.min(all.size(), from + pageSize);
        JsonArray page = new JsonArray();
        for (FakeFile file : all.subList(from, to)) {
            JsonObject entry = new JsonObject();
            entry.addProperty("type", "file");
            entry.addProperty("path", file.path());
            entry.addProperty("size", file.content().bytes());
            entry.addProperty("oid", file.lfs() ? "0".repeat(40) : file.blobId());
            if (file.lfs()) {
                JsonObject lfs = new JsonObject();
                lfs.addProperty("oid", file.blobId());
                lfs.addProperty("size", file.content().bytes());
                lfs.addProperty("pointerSize", 134);
                entry.add("lfs", lfs);
            }
            page.add(entry);
        }
        if (to < all.size()) {
            String next = endpoint() + exchange.getRequestURI().getPath() + "?recursive=true&expand=false&cursor=" + to;
            exchange.getResponseHeaders().set("Link", "<" + next + ">; rel=\"next\"");
        }
        sender.json(exchange, page);
    }

    private void resolve(HttpExchange exchange, FakeFile file, String commit) throws IOException {
        var headers = exchange.getResponseHeaders();
        headers.set("X-Repo-Commit", commit);
        String etag = faults.take(Fault.OTHER_ETAG, file.path())
                ? "f".repeat(file.blobId().length())
                : file.blobId();
        if (!file.lfs()) {
            headers.set("ETag", "W/\"" + etag + "\"");
            sender.send(exchange, file);
            return;
        }
        headers.set("ETag", "\"" + "0".repeat(40) + "\"");
        headers.set("X-Linked-ETag", "\"" + etag + "\"");
        headers.set("X-Linked-Size", String.valueOf(file.content().bytes()));
        String link = address(cdn) + "/" + linkGeneration.get() + "/" + file.blobId() + "?signature=abc";
        sender.status(exchange, 302, Map.of("Location", otherLink.isEmpty() ? link : otherLink));
    }

    private void answerLink(HttpExchange exchange) throws IOException {
        String[] parts = exchange.getRequestURI().getPath().split("/", -1);
        FakeFile file = repositories.values().stream()
                .flatMap(FakeRepository::everything)
                .filter(candidate -> candidate.lfs() && candidate.blobId().equals(parts[2]))
                .findFirst()
                .orElseThrow();
        boolean expired = Integer.parseInt(parts[1]) != linkGeneration.get();
        if (expired || faults.take(Fault.EXPIRED_LINK, file.path())) {
            sender.status(exchange, 403, Map.of());
        } else {
            sender.send(exchange, file);
        }
    }

    @Override
    public void close() {
        sender.close();
        hub.stop(0);
        cdn.stop(0);
        threads.shutdownNow();
    }
}
