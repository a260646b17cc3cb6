import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import type { Schemas, SlaExplanation } from "@/api/schemas";
import { ticketKeys } from "@/api/tickets";
import { PRIORITIES, STATUSES, type Tone, wordOf } from "@/vocabulary/tickets";
import { dateTime, secondsOf } from "@/vocabulary/time";
import { openBetween, openingAt } from "./openHours";

export type SlaInterval = Schemas["SlaInterval"];
export type IntervalKind = Exclude<Schemas["SlaIntervalKind"], `${string}_UNSPECIFIED`>;

export const INTERVAL_KINDS: Readonly<Record<IntervalKind, { label: string; tone: Tone }>> = {
  SLA_INTERVAL_KIND_COUNTED: { label: "Counted", tone: "progress" },
  SLA_INTERVAL_KIND_PAUSED: { label: "Paused", tone: "waiting" },
  SLA_INTERVAL_KIND_CLOSED_HOURS: { label: "Closed hours", tone: "neutral" },
  SLA_INTERVAL_KIND_ENDED: { label: "Solved", tone: "success" },
};

/** Why a ticket's SLA stands as it does. Intervals grow with time, so it is asked for again each minute while shown. */
export function slaExplanationQuery(ticketId: string) {
  return queryOptions({
    queryKey: [...ticketKeys.ticket(ticketId), "sla"],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/admin/tickets/{ticketId}/sla", { params: { path: { ticketId } }, signal })),
    refetchInterval: 60_000,
  });
}

/** A length of counted time. Hours are the largest unit, since a day of a business calendar has not 24 of them. */
export function hoursWords(seconds: number): string {
  const sign = seconds < 0 ? "−" : "";
  const left = Math.floor(Math.abs(seconds));
  if (left < 60) {
    return `${sign}${left} s`;
  }
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  return sign + [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`].filter(Boolean).join(" ");
}

/** The sums of an explanation in seconds, as they stand at `now`. */
export type Sums = { target: number; counted: number; paused: number; closed: number; remaining: number };

/** The sums, gone on from `asOf` to `now` by what the clock did last: by the calendar's hours where it has some. */
export function sumsAt(explanation: SlaExplanation, now: number): Sums {
  const asOf = Date.parse(explanation.asOf ?? "");
  const since = Math.max(0, now - asOf) / 1000;
  const last = explanation.intervals?.at(-1)?.kind;
  const isRunning = last === "SLA_INTERVAL_KIND_COUNTED" || last === "SLA_INTERVAL_KIND_CLOSED_HOURS";
  const counting = isRunning && now > asOf ? openBetween(explanation.calendar ?? null, asOf, now) / 1000 : 0;
  const closed = (explanation.intervals ?? [])
    .filter(({ kind }) => kind === "SLA_INTERVAL_KIND_CLOSED_HOURS")
    .reduce((sum, interval) => sum + lengthOfInterval(interval), 0);
  return {
    target: (explanation.policy?.resolutionTimeMinutes ?? 0) * 60,
    counted: secondsOf(explanation.counted ?? "0s") + counting,
    paused: secondsOf(explanation.paused ?? "0s") + (last === "SLA_INTERVAL_KIND_PAUSED" ? since : 0),
    closed: closed + (isRunning ? since - counting : 0),
    remaining: secondsOf(explanation.remaining ?? "0s") - counting,
  };
}

/**
 * What has counted and what remains (below 0: too late by), for people: shown in minutes they come to the target,
 * of which rounding both down would lose a minute. Less than a minute of either keeps its seconds.
 */
export function wordsOfSums({ target, counted, remaining }: Sums): { counted: string; remaining: string } {
  const wholeMinutes = Math.floor(counted / 60) * 60;
  return {
    counted: hoursWords(counted),
    remaining: hoursWords(Math.abs(Math.abs(remaining) < 60 ? remaining : target - wholeMinutes)),
  };
}

/** In seconds. */
export function lengthOfInterval({ start, end }: SlaInterval): number {
  return (Date.parse(end ?? "") - Date.parse(start ?? "")) / 1000;
}

/** What has become of the deadline, in a sentence or two. */
export function headlineOf(explanation: SlaExplanation, now: number): { tone: Tone; title: string; text: string } {
  const { policy, slaDueAt } = explanation;
  if (policy === undefined || slaDueAt === undefined) {
    return { tone: "neutral", title: "No SLA", text: "No policy applies to this ticket, so nothing falls due." };
  }
  const sums = sumsAt(explanation, now);
  const due = dateTime(slaDueAt);
  const target = targetOf(explanation);
  const { counted, remaining } = wordsOfSums(sums);
  const parts = [`${counted} counted`, ...stopsOf(sums)].join(", ");
  const text = `The target is ${target}; ${parts}.`;
  const isLate = sums.remaining <= 0;
  const last = explanation.intervals?.at(-1);
  if (explanation.slaStatus === "SLA_STATUS_COMPLETED") {
    return sums.remaining < 0
      ? { tone: "danger", title: `Missed: solved ${remaining} of counted time too late`, text }
      : { tone: "success", title: `Met: solved with ${remaining} to spare`, text };
  }
  if (isLate || explanation.slaStatus === "SLA_STATUS_BREACHED") {
    return { tone: "danger", title: `Breached on ${due}`, text: `By then ${target} had counted. So far: ${parts}.` };
  }
  if (last?.kind === "SLA_INTERVAL_KIND_PAUSED") {
    const state = wordOf(STATUSES, last.status).label.toLowerCase();
    return {
      tone: "waiting",
      title: `Paused since ${dateTime(last.start ?? slaDueAt)}, ${state}`,
      text: `${text} ${remaining} are left when it goes on.`,
    };
  }
  const isNear = sums.remaining * 5 <= sums.target;
  const opening = explanation.calendar && openingAt(explanation.calendar, now);
  const waits = opening && !opening.isOpen && opening.until !== null;
  return {
    tone: isNear ? "warning" : "success",
    title: `${isNear ? "Near breach, due" : "Due"} on ${due}`,
    text: waits ? `${text} Closed now; opens ${dateTime(new Date(opening.until ?? now).toISOString())}.` : text,
  };
}

function targetOf({ policy, calendar }: SlaExplanation): string {
  const target = hoursWords((policy?.resolutionTimeMinutes ?? 0) * 60);
  const hours = calendar === undefined ? "" : ` within ${calendar.displayName || calendar.id}`;
  const priority = wordOf(PRIORITIES, policy?.priority).label;
  return `${target}${hours} (policy for ${priority}, version ${policy?.version ?? "1"})`;
}

function stopsOf({ paused, closed }: Sums): string[] {
  const stops: string[] = [];
  if (paused > 0) {
    stops.push(`${hoursWords(paused)} paused`);
  }
  if (closed > 0) {
    stops.push(`${hoursWords(closed)} of closed hours`);
  }
  return stops;
}
