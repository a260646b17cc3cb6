import { useState } from "react";
import { newKey } from "@/api/client";
import { type BulkScope, bulkRequest, type ChangeForm } from "./bulkChange";
import { idsWith, mergedRows, type ResultRow, rowsOf } from "./bulkResults";
import { mayHaveHappened, useBulkCheck, useBulkRun } from "./useBulkUpdate";

export type BulkStep = "change" | "check" | "results";

/**
 * A bulk change from its form to its results. It outlives the dialog: what runs goes on, and results are there until
 * they are put away.
 */
export function useBulkFlow() {
  const [scope, setScope] = useState<BulkScope>({ ids: [] });
  const [form, setForm] = useState<ChangeForm>({ kind: "assign" });
  const [step, setStep] = useState<BulkStep>("change");
  const [rows, setRows] = useState<ResultRow[]>([]);
  // What was sent and has no result yet, with the key that it keeps until it is answered.
  const [attempt, setAttempt] = useState<{ ids: string[]; key: string } | null>(null);
  const check = useBulkCheck();
  const run = useBulkRun();

  const send = (before: readonly ResultRow[], next: { ids: string[]; key: string }) => {
    setAttempt(next);
    setStep("results");
    run.mutate(
      { body: bulkRequest({ ids: next.ids }, form, false), key: next.key },
      {
        onSuccess: ({ results = [] }) => {
          setRows(mergedRows(before, rowsOf(results)));
          setAttempt(null);
        },
        // Refused: that was an answer, and what is tried next is another change.
        onError: (error) => {
          if (!mayHaveHappened(error)) {
            setAttempt({ ids: next.ids, key: newKey() });
          }
        },
      },
    );
  };

  return {
    scope,
    form,
    step,
    rows,
    check,
    run,
    /** Whether a change was sent, and its results were not put away yet. */
    hasRun: step === "results",
    begin(which: BulkScope, kind: ChangeForm["kind"]) {
      check.reset();
      run.reset();
      setScope(which);
      setForm({ kind });
      setRows([]);
      setAttempt(null);
      setStep("change");
    },
    /** Asks what would become of each ticket. A refusal stays with the form. */
    submit(values: ChangeForm) {
      setForm(values);
      check.mutate(bulkRequest(scope, values, true), {
        onSuccess: ({ results = [] }) => {
          setRows(rowsOf(results));
          setStep("check");
        },
      });
    },
    back() {
      setStep("change");
    },
    /** Changes those that the check let through, and no others: what was seen is what is done. */
    start() {
      send(rows, { ids: idsWith(rows, "done"), key: newKey() });
    },
    /** The same again: under its key, or, if it was refused as a whole, under a new one. */
    again() {
      if (attempt !== null) {
        send(rows, attempt);
      }
    },
    /** Those that were not changed, once more. */
    retryFailed(ids: string[]) {
      send(rows, { ids, key: newKey() });
    },
    end() {
      run.reset();
      setRows([]);
      setAttempt(null);
      setStep("change");
    },
  };
}

export type BulkFlow = ReturnType<typeof useBulkFlow>;
