import { Button, Form, Input, Select } from "antd";
import { useState } from "react";
import type { Calendar } from "@/api/schemas";
import { ErrorNotice } from "@/ui/ErrorNotice";
import { FormDrawer, FormFoot, Unsaved } from "@/ui/FormDialog";
import { isEdited } from "@/ui/isEdited";
import { useFocusReturn } from "@/ui/useFocusReturn";
import { ConflictChoice } from "./ConflictChoice";
import {
  CALENDAR_ID,
  CALENDAR_LABELS,
  type CalendarDraft,
  calendarWords,
  changedCalendarFields,
  draftOf,
  hasWindows,
  hoursOf,
  newDraft,
  windowErrors,
} from "./calendarDraft";
import { HolidaysField } from "./HolidaysField";
import { OpenNow } from "./OpenNow";
import { timeZoneOptions } from "./timeZones";
import { ID_IS_TAKEN, useCalendarSave } from "./useCalendarSave";
import { WeekField } from "./WeekField";
import { WeekPicture } from "./WeekPicture";
import "./calendars.css";
import "./sla-policies.css";

/** Makes a new version of a calendar, or a new calendar where there is none yet, with a picture of what it comes to. */
export function CalendarEditor({
  calendar,
  takenIds,
  onClose,
  onSaved,
}: {
  /** The calendar as it was read; null makes a new one. */
  calendar: Calendar | null;
  takenIds: readonly string[];
  onClose(): void;
  onSaved(calendar: Calendar): void;
}) {
  useFocusReturn();
  const [base, setBase] = useState(calendar);
  const [began] = useState(() => (calendar === null ? newDraft() : draftOf(calendar)));
  const [draft, setDraft] = useState(began);
  const [isTried, setIsTried] = useState(false);
  const { save, isSaving, error, errors, newer, settled } = useCalendarSave(base, onSaved);
  const set = (part: Partial<CalendarDraft>) => setDraft({ ...draft, ...part });
  const wrong = problemsOf(draft, base === null ? takenIds : []);
  const wrongWindows = windowErrors(draft.week);
  const submit = () => {
    setIsTried(true);
    if (base !== null && changedCalendarFields(draftOf(base), draft).length === 0) {
      onClose();
    } else if (wrong.size + wrongWindows.size === 0) {
      save(draft);
    }
  };
  const settle = (theirs: readonly string[]) => {
    if (newer !== null && base !== null) {
      const mine = changedCalendarFields(draftOf(base), draft).filter((field) => !theirs.includes(field));
      setDraft({ ...draftOf(newer), ...Object.fromEntries(mine.map((field) => [field, draft[field]])) });
      setBase(newer);
      settled();
    }
  };
  const item = (name: string) => {
    const told = errors.fields.get(name) ?? (isTried ? wrong.get(name) : undefined);
    return { help: told, validateStatus: told === undefined ? ("" as const) : ("error" as const) };
  };
  const isWrong = (name: string) => item(name).help !== undefined;
  return (
    <FormDrawer
      open
      onClose={onClose}
      size="min(680px, 100vw)"
      title={calendar === null ? "New calendar" : `Calendar ${calendar.displayName || calendar.id}`}
      footer={
        <FormFoot>
          <Button type="primary" loading={isSaving} disabled={newer !== null} onClick={submit}>
            {base === null ? "Create calendar" : `Save as version ${Number(base.version ?? 0) + 1}`}
          </Button>
        </FormFoot>
      }
    >
      <Form layout="vertical" requiredMark="optional" component="div">
        <Unsaved isChanged={() => isEdited(began, draft)} />
        <div className="policy-notices">
          {newer && base && <ConflictChoice conflicts={conflictsOf(base, newer, draft)} onChoose={settle} />}
          {error && <ErrorNotice error={error} title="The calendar was not saved" />}
        </div>
        <div className="policy-row">
          <Form.Item label={CALENDAR_LABELS.displayName} htmlFor="calendar-name" required {...item("display_name")}>
            <Input
              id="calendar-name"
              aria-invalid={isWrong("display_name")}
              maxLength={100}
              value={draft.displayName}
              onChange={({ target }) => set({ displayName: target.value })}
            />
          </Form.Item>
          {base === null && (
            <Form.Item
              label="Id"
              htmlFor="calendar-id"
              required
              extra="a–z, 0–9 and “-”; it stays as it is"
              {...item("id")}
            >
              <Input
                id="calendar-id"
                aria-invalid={isWrong("id")}
                maxLength={50}
                placeholder="chennai-office"
                value={draft.id}
                onChange={({ target }) => set({ id: target.value.toLowerCase() })}
              />
            </Form.Item>
          )}
          <Form.Item label={CALENDAR_LABELS.timeZone} htmlFor="calendar-zone" required {...item("time_zone")}>
            <Select
              id="calendar-zone"
              showSearch={{ optionFilterProp: "label" }}
              options={timeZoneOptions(draft.timeZone)}
              value={draft.timeZone}
              onChange={(timeZone) => set({ timeZone })}
            />
          </Form.Item>
        </div>
        <Form.Item label={CALENDAR_LABELS.week} required {...item("windows")}>
          <WeekField
            value={draft.week}
            onChange={(week) => set({ week })}
            errors={wrongWindows.size > 0 ? wrongWindows : errors.rows}
          />
        </Form.Item>
        <Form.Item label={CALENDAR_LABELS.holidays} {...item("holidays")}>
          <HolidaysField value={draft.holidays} onChange={(holidays) => set({ holidays })} errors={errors.rows} />
        </Form.Item>
        <h4 className="policy-preview-title">What it comes to</h4>
        <OpenNow hours={hoursOf(draft)} />
        <WeekPicture hours={hoursOf(draft)} />
      </Form>
    </FormDrawer>
  );
}

/** What is wrong, by the API's names of the fields. */
function problemsOf(draft: CalendarDraft, takenIds: readonly string[]): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  if (draft.displayName.trim() === "") {
    problems.set("display_name", "Give it a name.");
  }
  if (!CALENDAR_ID.test(draft.id)) {
    problems.set("id", "1 to 50 of a–z, 0–9 and “-”.");
  } else if (takenIds.includes(draft.id)) {
    problems.set("id", ID_IS_TAKEN);
  }
  if (!hasWindows(draft.week)) {
    problems.set("windows", "Open it for some time of the week.");
  }
  return problems;
}

function conflictsOf(base: Calendar, newer: Calendar, mine: CalendarDraft) {
  const [before, theirs] = [draftOf(base), draftOf(newer)];
  const byThem = changedCalendarFields(before, theirs);
  const apart = changedCalendarFields(mine, theirs);
  return changedCalendarFields(before, mine)
    .filter((field) => byThem.includes(field) && apart.includes(field))
    .map((field) => ({
      field,
      label: CALENDAR_LABELS[field],
      mine: calendarWords(field, mine),
      theirs: calendarWords(field, theirs),
    }));
}
