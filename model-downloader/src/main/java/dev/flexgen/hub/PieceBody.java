package dev.flexgen.hub;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Writes the bytes of an answer into a piece of a file as they arrive. Called by the HTTP client's threads, one at a time. */
final class PieceBody implements BodySubscriber<Boolean> {

    private final PartialFile.Piece piece;
    private final Runnable progress;
    private final Stop stop;
    private final CompletableFuture<Boolean> body = new CompletableFuture<>();
    private Flow.Subscription subscription = NONE;
    private long untold;

    private static final long TELL_BYTES = 128 << 10;

    private static final Flow.Subscription NONE = new Flow.Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };

    /** @param progress called now and then, and at the end */
    PieceBody(PartialFile.Piece piece, Runnable progress, Stop stop) {
        this.piece = piece;
        this.progress = progress;
        this.stop = stop;
    }

    /** True when all has arrived. */
    @Override
    public CompletionStage<Boolean> getBody() {
        return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        try {
            stop.check();
            for (ByteBuffer buffer : buffers) {
                if (buffer.remaining() > piece.to() - piece.at()) {
                    throw new IOException("more bytes came than were asked for");
                }
                untold += buffer.remaining();
                write(buffer);
            }
            if (untold >= TELL_BYTES || piece.complete()) {
                untold = 0;
                progress.run();
            }
            subscription.request(1);
        } catch (IOException | RuntimeException e) {
            subscription.cancel();
            body.completeExceptionally(e);
        }
    }

    private void write(ByteBuffer buffer) throws StoreWriteException {
        try {
            piece.write(buffer);
        } catch (IOException e) {
            throw new StoreWriteException(e);
        }
    }

    @Override
    public void onError(Throwable failure) {
        body.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        body.complete(true);
    }
}
