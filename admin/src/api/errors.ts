import type { components } from "#http";
import { inWords } from "@/vocabulary/contractWords";
import { refusalWords, violationWords } from "@/vocabulary/refusals";

type Status = components["schemas"]["Status"];
type Violation = { field: string; description: string };

/** A refusal of the API: a google.rpc.Status with its details. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  private constructor(
    /** HTTP status. */
    readonly status: number,
    /** The server's own, for engineers; people read `messageOf`. */
    message: string,
    /** Stable reason, a name of ErrorReason such as "TICKET_NOT_FOUND"; empty when something between us answered. */
    readonly reason: string,
    /** What the reason is about, such as `allowed` of INVALID_TRANSITION. */
    readonly metadata: Readonly<Record<string, string>>,
    /** Fields that are wrong, by their path in the RPC's request: "ticket.linked_id", "update_mask". */
    readonly violations: readonly Violation[],
    /** Stands in the logs of gateway and server. */
    readonly requestId: string | null,
    /** How long to wait before trying again; null when waiting does not help. */
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }

  static of(body: unknown, response: Response): ApiError {
    const status = (typeof body === "object" && body !== null ? body : {}) as Partial<Status>;
    let reason = "";
    let metadata: Record<string, string> = {};
    const violations: Violation[] = [];
    // Something between us may answer in JSON of its own.
    for (const detail of Array.isArray(status.details) ? status.details : []) {
      if (detail?.["@type"] === "type.googleapis.com/google.rpc.ErrorInfo") {
        reason = detail.reason ?? "";
        metadata = detail.metadata ?? {};
      } else if (detail?.["@type"] === "type.googleapis.com/google.rpc.BadRequest") {
        for (const { field = "", description = "" } of detail.fieldViolations ?? []) {
          violations.push({ field, description });
        }
      }
    }
    const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
    return new ApiError(
      response.status,
      (typeof status.message === "string" && status.message) || `The service answered with status ${response.status}.`,
      reason,
      metadata,
      violations,
      response.headers.get("x-request-id"),
      Number.isFinite(retryAfter) ? retryAfter : null,
    );
  }

  /** Nobody is logged in, or not any more. */
  get isUnauthenticated(): boolean {
    return this.status === 401;
  }

  /** Somebody else changed the thing since it was read. */
  get isConflict(): boolean {
    return this.reason === "ETAG_MISMATCH" || (this.status === 412 && !this.isTaken);
  }

  /** What was to be made is there already: of `onlyNew`. */
  get isTaken(): boolean {
    return this.reason === "CALENDAR_EXISTS" || this.reason === "MEMBER_EXISTS";
  }

  /** Whether the same call may succeed later by itself. */
  get isTemporary(): boolean {
    return [408, 429, 499, 502, 503, 504].includes(this.status);
  }
}

/** There was no answer: no network, or no gateway. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(options?: ErrorOptions) {
    super("The service cannot be reached. Check your connection.", options);
  }
}

/** What to tell a person of something that went wrong. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) {
    return refusalWords(error);
  }
  return error instanceof Error ? error.message : "Something went wrong.";
}

/** A field of an Ant Design form, with the errors to show beside it. */
export type FieldErrors = { name: (string | number)[]; errors: string[] };

/**
 * Distributes a refusal over the fields of a form: "ticket.linked_id" belongs to the field ["linkedId"] where `prefix`
 * is "ticket", and "ticket.tags[1]" to ["tags"]. What no field in `fields` takes comes back as `rest`, to be shown
 * above the form. Where all is told beside fields, `rest` is empty.
 */
export function distribute(
  error: unknown,
  fields: readonly string[],
  prefix = "",
): { fieldErrors: FieldErrors[]; rest: string[] } {
  if (!(error instanceof ApiError) || error.violations.length === 0) {
    return { fieldErrors: [], rest: [messageOf(error)] };
  }
  const byField = new Map<string, string[]>();
  const rest: string[] = [];
  for (const { field, description } of error.violations) {
    const local = prefix && field.startsWith(`${prefix}.`) ? field.slice(prefix.length + 1) : field;
    const name = camelCase(local.split(/[.[]/)[0] ?? "");
    if (fields.includes(name)) {
      byField.set(name, [...(byField.get(name) ?? []), inWords(description)]);
    } else {
      rest.push(violationWords({ field, description }));
    }
  }
  return { fieldErrors: [...byField].map(([name, errors]) => ({ name: [name], errors })), rest };
}

function camelCase(snake: string): string {
  return snake.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
