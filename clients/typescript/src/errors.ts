import { ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

/** A field of the request that is wrong, as a path such as "ticket.title". */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/**
 * A call failed.
 *
 * Decide by `code` and `reason`, which are stable; the message is for people. `reason` is a name of
 * ErrorReason without its prefix, such as "TICKET_NOT_FOUND"; a newer server may send one that is
 * not in this version. It is empty when the error was not made by the ticket server, as when it
 * could not be reached.
 *
 * Its `name` stays "ConnectError": Connect would wrap an error with any other.
 */
export class TicketsError extends ConnectError {
  readonly reason: string;
  readonly info: Readonly<Record<string, string>>;
  readonly fieldViolations: readonly FieldViolation[];
  /** Milliseconds to wait before trying again, if the server says so. */
  readonly retryAfterMs: number | undefined;

  private constructor(error: ConnectError) {
    super(error.rawMessage, error.code, error.metadata, undefined, error.cause);
    this.details = error.details;
    const info = this.findDetails(ErrorInfoSchema)[0];
    const retryDelay = this.findDetails(RetryInfoSchema)[0]?.retryDelay;
    this.reason = info?.reason ?? "";
    this.info = info?.metadata ?? {};
    this.fieldViolations = this.findDetails(BadRequestSchema).flatMap((each) =>
      each.fieldViolations.map(({ field, description }) => ({ field, description })),
    );
    this.retryAfterMs = retryDelay && Number(retryDelay.seconds) * 1000 + retryDelay.nanos / 1e6;
  }

  /** ConnectError's own check takes any ConnectError for any of its subclasses. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return Object.prototype.isPrototypeOf.call(TicketsError.prototype, Object(value));
  }

  static decode(error: unknown): TicketsError {
    return error instanceof TicketsError ? error : new TicketsError(ConnectError.from(error));
  }
}
