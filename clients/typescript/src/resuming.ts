import { Code, ConnectError } from "@connectrpc/connect";
import { setTimeout as delay } from "node:timers/promises";

import type { TicketsClient } from "./client.js";
import { TicketsError } from "./errors.js";

// A server restarts, a connection dies, we were slow, or have too many watches: all of them pass. Canceled, when we did
// not ask for it, is a stream that crossed a server's goodbye, or was reset by something in between; Aborted is what
// Connect makes of a reset connection.
const PASSING = new Set([Code.Unavailable, Code.ResourceExhausted, Code.Canceled, Code.Aborted]);
// Cut connections and proxies cause these, but so do defects that last.
const DOUBTFUL = new Set([Code.Internal, Code.Unknown, Code.DeadlineExceeded]);
const DOUBTFUL_LIMIT = 5;
/** The server is heard at least every 15 s; three times that long without a word is a dead stream. */
const SILENCE_MS = 45_000;

/**
 * How long a watch pauses before it is resumed: `firstMs`, doubled with each failure up to `longestMs`.
 *
 * Each pause is shortened by chance, to a quarter at most, so that the watchers of a restarted server do not all come
 * back at once. A pause that the server asks for is kept in full. A stream that held as long as `longestMs` makes the
 * next failure the first again; that it delivered something is not enough. A token that has expired is no failure: the
 * stream is resumed with a new one after a pause of `firstMs`.
 */
export interface Backoff {
  /** Default 250. */
  readonly firstMs: number;
  /** Default 15 000. */
  readonly longestMs: number;
}

/** A watch has lost its stream, for `error`, and will be resumed after `pauseMs`. */
export interface Interruption {
  readonly error: TicketsError;
  readonly pauseMs: number;
}

export interface FollowOptions {
  /** Ends the iteration, also while it waits; without an error, and without a further item. */
  signal?: AbortSignal;
  /** Told of each interruption, before the pause. */
  onInterruption?: (interruption: Interruption) => void;
  /** Told when the server is heard again after interruptions, before what it says is yielded. */
  onResumption?: () => void;
  /** A stream from which nothing was heard for so long counts as broken. Default 45 000. */
  silenceMs?: number;
  backoff?: Backoff;
}

/**
 * Yields the events of one stream after the other, until `signal` or the client's end.
 *
 * `mends` is asked about errors that are final otherwise, and may change what `open` asks for.
 */
export async function* resumed<Event>(
  client: TicketsClient,
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  {
    signal,
    onInterruption,
    onResumption,
    silenceMs = SILENCE_MS,
    backoff = { firstMs: 250, longestMs: 15_000 },
  }: FollowOptions,
  mends: (error: TicketsError) => boolean = () => false,
): AsyncGenerator<Event, void, undefined> {
  const ended = signal ? AbortSignal.any([signal, client.closed]) : client.closed;
  const attempts = new Attempts(backoff, mends, client.renewsToken);
  let interrupted = false;
  let isTelling = false;
  while (!ended.aborted) {
    attempts.begin();
    // Connect keeps the stream open when its reader leaves the loop, so leaving has to abort it.
    const left = new AbortController();
    let failure: unknown = new ConnectError("The stream has ended.", Code.Unavailable);
    try {
      for await (const event of heard(open(AbortSignal.any([ended, left.signal])), silenceMs, left)) {
        if (ended.aborted) {
          return;
        }
        attempts.delivered();
        if (interrupted) {
          interrupted = false;
          isTelling = true;
          onResumption?.();
          isTelling = false;
        }
        yield event;
      }
    } catch (error) {
      if (isTelling) {
        throw error; // not the stream's
      }
      failure = error;
    } finally {
      left.abort();
    }
    if (ended.aborted) {
      return;
    }
    const error = TicketsError.decode(failure);
    const pauseMs = attempts.pauseAfter(error);
    interrupted = true;
    onInterruption?.({ error, pauseMs });
    // Only the end of the watch can interrupt it.
    await delay(pauseMs, undefined, { signal: ended }).catch(() => undefined);
  }
}

/** Yields what comes; a stream that is silent while it is waited for is aborted, and fails as Unavailable. */
async function* heard<Event>(
  stream: AsyncIterable<Event>,
  silenceMs: number,
  left: AbortController,
): AsyncGenerator<Event> {
  let silent = false;
  const events = stream[Symbol.asyncIterator]();
  for (;;) {
    const timer = setTimeout(() => {
      silent = true;
      left.abort();
    }, silenceMs);
    try {
      const next = await events.next();
      if (next.done) {
        return;
      }
      clearTimeout(timer);
      yield next.value;
    } catch (error) {
      throw silent ? new ConnectError(`Nothing was heard for ${silenceMs} ms.`, Code.Unavailable) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Decides after each failure whether there is a next attempt, and when. */
class Attempts {
  private begun = 0;
  private failures = 0;
  private doubtful = 0;
  private renewed = false;

  constructor(
    private readonly backoff: Backoff,
    private readonly mends: (error: TicketsError) => boolean,
    private readonly renewsToken: boolean,
  ) {}

  begin(): void {
    this.begun = performance.now();
  }

  delivered(): void {
    this.doubtful = 0;
    this.renewed = false;
  }

  /** In milliseconds. Throws `error` when trying again is no use. */
  pauseAfter(error: TicketsError): number {
    if (!this.isWorthAnother(error)) {
      throw error;
    }
    const isRenewal = error.code === Code.Unauthenticated;
    const pause = (isRenewal ? this.backoff.firstMs : this.grownPause()) * byChance(0.25, 1);
    return Math.max(pause, (error.retryAfterMs ?? 0) * byChance(1, 1.5));
  }

  private grownPause(): number {
    // That a stream delivered something is not enough: one that breaks after each event must not be opened in a tight
    // loop.
    if (performance.now() - this.begun >= this.backoff.longestMs) {
      this.failures = 0;
    }
    return Math.min(this.backoff.firstMs * 2 ** this.failures++, this.backoff.longestMs);
  }

  private isWorthAnother(error: TicketsError): boolean {
    if (PASSING.has(error.code)) {
      return true;
    }
    if (DOUBTFUL.has(error.code)) {
      return ++this.doubtful <= DOUBTFUL_LIMIT;
    }
    if (error.code === Code.Unauthenticated && this.renewsToken && !this.renewed) {
      this.renewed = true;
      return true;
    }
    return this.mends(error);
  }
}

function byChance(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
