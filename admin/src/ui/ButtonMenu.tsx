import { Dropdown, type DropdownProps, type MenuProps } from "antd";
import { cloneElement, type ReactElement, type Ref, useRef } from "react";
import { isNowhere } from "./useFocusReturn";

/**
 * A menu behind a button. It takes the focus when it opens, and gives it back when it is left, by Escape too, and before
 * anything is done: what a choice opens returns to the button too.
 */
export function ButtonMenu({
  menu,
  children,
  ...dropdown
}: {
  menu: MenuProps;
  children: ReactElement<{ ref?: Ref<HTMLElement> }>;
} & Pick<DropdownProps, "disabled" | "placement" | "onOpenChange" | "popupRender">) {
  const button = useRef<HTMLElement>(null);
  return (
    <Dropdown
      {...dropdown}
      autoFocus
      trigger={["click"]}
      onOpenChange={(opens, info) => {
        // A browser has closed it by the time antd would give the focus back.
        if (!opens && (isNowhere() || document.activeElement?.closest(".ant-dropdown"))) {
          button.current?.focus({ preventScroll: true });
        }
        dropdown.onOpenChange?.(opens, info);
      }}
      menu={{
        ...menu,
        onClick(choice) {
          // Or Enter would go on to press what has the focus next: in a dialog that opens, the button that closes it.
          choice.domEvent.preventDefault();
          button.current?.focus();
          menu.onClick?.(choice);
        },
      }}
    >
      {cloneElement(children, { ref: button })}
    </Dropdown>
  );
}
