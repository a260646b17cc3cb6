import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, newKey, once, onlyNew, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Calendar } from "@/api/schemas";
import { inWords } from "@/vocabulary/contractWords";
import { violationWords } from "@/vocabulary/refusals";
import { bodyOf, type CalendarDraft, windowKeys } from "./calendarDraft";
import { calendarsQuery, slaPoliciesQuery } from "./slaPolicies";

/** Errors of a refused calendar by where they are shown: a field, or the key of a window or a holiday. */
export type DraftErrors = { fields: ReadonlyMap<string, string>; rows: ReadonlyMap<string, string>; rest: string[] };

export const ID_IS_TAKEN = "There is a calendar of this id.";

const NO_ERRORS: DraftErrors = { fields: new Map(), rows: new Map(), rest: [] };

/**
 * Saves a calendar that was read as `base`, or makes a new one. When somebody else was faster, `newer` is what they made
 * of it, and nothing was saved.
 */
export function useCalendarSave(base: Calendar | null, onSaved: (calendar: Calendar) => void) {
  const queryClient = useQueryClient();
  const [key, setKey] = useState(newKey);
  const [newer, setNewer] = useState<Calendar | null>(null);
  const [errors, setErrors] = useState(NO_ERRORS);
  const mutation = useMutation({
    mutationFn: (draft: CalendarDraft) =>
      unwrap(
        api.PUT("/admin/calendars/{id}", {
          params: {
            path: { id: draft.id },
            header: { ...once(key), ...(base === null ? onlyNew : base.etag && { "If-Match": base.etag }) },
          },
          body: bodyOf(draft),
        }),
      ),
    onMutate: () => setErrors(NO_ERRORS),
    onSuccess: async (saved) => {
      void queryClient.invalidateQueries(slaPoliciesQuery);
      await queryClient.invalidateQueries(calendarsQuery);
      onSaved(saved);
    },
    onError: async (error, draft) => {
      setKey(newKey());
      if (error instanceof ApiError && error.isConflict) {
        const calendars = await queryClient.fetchQuery({ ...calendarsQuery, staleTime: 0 });
        setNewer(calendars.find(({ id }) => id === draft.id) ?? null);
      } else if (error instanceof ApiError && error.isTaken) {
        setErrors({ ...NO_ERRORS, fields: new Map([["id", ID_IS_TAKEN]]) });
        void queryClient.invalidateQueries(calendarsQuery);
      } else if (error instanceof ApiError) {
        setErrors(errorsOf(error, draft));
      }
    },
  });
  const isTold = newer !== null || errors !== NO_ERRORS;
  return {
    save: mutation.mutate,
    isSaving: mutation.isPending,
    /** What is told nowhere else. */
    error: isTold && errors.rest.length === 0 ? null : mutation.error,
    errors,
    newer,
    settled: () => {
      setNewer(null);
      mutation.reset();
    },
  };
}

/** "calendar.windows[2].closes_at" belongs to the third window that was sent. */
function errorsOf(error: ApiError, draft: CalendarDraft): DraftErrors {
  if (error.violations.length === 0) {
    return NO_ERRORS;
  }
  const fields = new Map<string, string>();
  const rows = new Map<string, string>();
  const rest: string[] = [];
  for (const { field, description } of error.violations) {
    const [, name = "", index] = /^calendar\.([a-z_]+)(?:\[(\d+)\])?/.exec(field) ?? [];
    const keys = name === "windows" ? windowKeys(draft) : draft.holidays.map(({ key }) => key);
    const row = index === undefined ? undefined : keys[Number(index)];
    if (row !== undefined && (name === "windows" || name === "holidays")) {
      rows.set(row, inWords(description));
    } else if (["id", "display_name", "time_zone", "windows", "holidays"].includes(name)) {
      fields.set(name, inWords(description));
    } else {
      rest.push(violationWords({ field, description }));
    }
  }
  return { fields, rows, rest };
}
