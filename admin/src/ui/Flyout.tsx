import { Popover, type PopoverProps } from "antd";
import { type ComponentRef, type KeyboardEvent, type ReactElement, type ReactNode, useEffect, useRef } from "react";
import { isNowhere } from "./useFocusReturn";

const CONTROLS =
  "a[href], button:not(:disabled), textarea:not(:disabled), [tabindex='0'], input:not(:disabled, [type=radio]:not(:checked))";

/**
 * Controls behind a button. They stand at the end of the document: so the focus goes to the first of them when they are
 * shown, and back to the button when they are put away, by Escape, by the button, or by Tab beyond the last.
 */
export function Flyout({
  label,
  open,
  onOpenChange,
  content,
  children,
  ...popover
}: {
  /** What a screen reader calls it. */
  label: string;
  open: boolean;
  onOpenChange(open: boolean): void;
  content: ReactNode;
  /** The button. It tells by itself whether it is expanded. */
  children: ReactElement;
} & Pick<PopoverProps, "placement" | "classNames" | "styles" | "title">) {
  const ref = useRef<ComponentRef<typeof Popover>>(null);
  const box = useRef<HTMLDivElement>(null);
  const wasOpen = useRef(open);
  useEffect(() => {
    if (wasOpen.current && !open && (isNowhere() || box.current?.contains(document.activeElement))) {
      const trigger = ref.current?.nativeElement;
      (trigger?.matches("button") ? trigger : trigger?.querySelector<HTMLElement>("button"))?.focus();
    }
    wasOpen.current = open;
  }, [open]);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const inside = event.currentTarget;
    // What a control in here opens is not in here, but tells of its keys all the same.
    if (event.key !== "Tab" || !inside.contains(event.target as Node)) {
      return;
    }
    const controls = [...inside.querySelectorAll(CONTROLS)];
    if (event.shiftKey ? event.target === controls[0] || event.target === inside : event.target === controls.at(-1)) {
      event.preventDefault();
      onOpenChange(false);
    }
  };
  return (
    <Popover
      ref={ref}
      open={open}
      onOpenChange={onOpenChange}
      trigger="click"
      arrow={false}
      destroyOnHidden
      {...popover}
      afterOpenChange={(opened) => {
        if (opened && !box.current?.contains(document.activeElement)) {
          (box.current?.querySelector<HTMLElement>(CONTROLS) ?? box.current)?.focus({ preventScroll: true });
        }
      }}
      content={
        <div ref={box} role="dialog" aria-label={label} tabIndex={-1} className="flyout" onKeyDown={onKeyDown}>
          {content}
        </div>
      }
    >
      {children}
    </Popover>
  );
}
