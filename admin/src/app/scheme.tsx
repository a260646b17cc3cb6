import {
  createContext,
  type ReactNode,
  useContext,
  useLayoutEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { keep, readKept } from "@/api/kept";
import type { ColorScheme } from "./theme";

/** What the person wants: one of the schemes, or whatever their system has. */
export type SchemeChoice = ColorScheme | "system";

type Scheme = { scheme: ColorScheme; choice: SchemeChoice; choose(choice: SchemeChoice): void };

const KEY = "tickets.color-scheme";
const Context = createContext<Scheme>({ scheme: "light", choice: "system", choose: () => undefined });

/** The colour scheme in use, and how to change it. */
export function useScheme(): Scheme {
  return useContext(Context);
}

/** Keeps the choice in this browser. `fixed` is for stories and tests. */
export function SchemeProvider({ fixed, children }: { fixed?: ColorScheme | undefined; children: ReactNode }) {
  const [choice, setChoice] = useState<SchemeChoice>(() => fixed ?? stored());
  const system = useSyncExternalStore(subscribe, systemScheme, () => "light" as const);
  const scheme = fixed ?? (choice === "system" ? system : choice);
  // Before anything is painted, so that the ground is never that of the other scheme.
  useLayoutEffect(() => {
    document.documentElement.dataset.scheme = scheme;
    document.documentElement.style.colorScheme = scheme;
  }, [scheme]);
  const value = useMemo<Scheme>(
    () => ({
      scheme,
      choice,
      choose(next) {
        keep("local", KEY, next);
        setChoice(next);
      },
    }),
    [scheme, choice],
  );
  return <Context value={value}>{children}</Context>;
}

function stored(): SchemeChoice {
  const kept = readKept("local", KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

function query(): MediaQueryList {
  return window.matchMedia("(prefers-color-scheme: dark)");
}

function systemScheme(): ColorScheme {
  return query().matches ? "dark" : "light";
}

function subscribe(listener: () => void): () => void {
  const media = query();
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}
